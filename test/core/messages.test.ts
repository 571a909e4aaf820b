import { describe, expect, test } from 'vitest';
import type { Cause } from '../../core/calls/cause.ts';
import { Messages } from '../../core/messages/messages.ts';
import type { Caller, MessageOffer, Signaling } from '../../core/ports.ts';
import { surroundings } from './quiet-ports.ts';
import { BINDING, CUSTOMER, EXTENSION, NUMBER } from './store/rows.ts';

const EXTENSION_CALLS: Caller = { kind: 'extension', customerId: CUSTOMER.id, extensionId: EXTENSION.id };
const OFFER: MessageOffer = {
  message: 1,
  caller: EXTENSION_CALLS,
  fromUser: '1002',
  fromName: '',
  toUser: EXTENSION.extension,
  contentType: 'text/plain',
  body: new TextEncoder().encode('hello'),
};

/** Texts with everything around them; `said` is what signalling was asked for since. */
function postOffice() {
  const around = surroundings();
  const said: string[] = [];
  around.directory.putExtension(EXTENSION);
  around.directory.putBinding({ ...BINDING, expiresAt: Number.MAX_SAFE_INTEGER });
  const signaling = {
    sendMessage: (delivery: number) => said.push(`send ${delivery}`),
    answerMessage: (message: number, cause: Cause | undefined) => said.push(`answer ${message} ${cause ?? 'taken'}`),
  } as unknown as Signaling;
  const messages = new Messages({ ...around, signaling });
  return { ...around, messages, said: () => said.splice(0) };
}

describe('a text to an extension', () => {
  test('goes to every phone of it, and is taken when the first takes it', () => {
    const { messages, directory, said } = postOffice();
    directory.putBinding({ ...BINDING, contact: 'sip:a@192.0.2.9', expiresAt: Number.MAX_SAFE_INTEGER });
    directory.putBinding({ ...BINDING, contact: 'sip:b@192.0.2.9', expiresAt: Number.MAX_SAFE_INTEGER });
    const phones = directory.bindings(EXTENSION.id, 0).length;
    messages.receive({ kind: 'messaged', ...OFFER }, 0);
    expect(said()).toEqual(Array.from({ length: phones }, (_, index) => `send ${index + 1}`));
    messages.receive({ kind: 'messageSettled', delivery: 1, cause: 'busy' }, 10);
    expect(said()).toEqual([]);
    messages.receive({ kind: 'messageSettled', delivery: 2, cause: undefined }, 20);
    expect(said()).toEqual(['answer 1 taken']);
    messages.receive({ kind: 'messageSettled', delivery: 3, cause: undefined }, 30);
    expect(said()).toEqual([]);
    expect(messages.liveCount).toBe(0);
  });

  test('that no phone takes is refused as the last of them said', () => {
    const { messages, said } = postOffice();
    messages.receive({ kind: 'messaged', ...OFFER }, 0);
    said();
    messages.receive({ kind: 'messageSettled', delivery: 1, cause: 'declined' }, 10);
    expect(said()).toEqual(['answer 1 declined']);
  });

  test('that nobody answers is refused after 20 s, the oldest first', () => {
    const { messages, said } = postOffice();
    messages.receive({ kind: 'messaged', ...OFFER }, 0);
    messages.receive({ kind: 'messaged', ...OFFER, message: 2 }, 5_000);
    said();
    expect(messages.deadline()).toBe(20_000);
    messages.expire(19_999);
    expect(said()).toEqual([]);
    messages.expire(20_000);
    expect(said()).toEqual(['answer 1 no-answer']);
    expect(messages.deadline()).toBe(25_000);
  });

  test('more than 100 of one customer at once are refused, and room comes back', () => {
    const { messages, said } = postOffice();
    for (let message = 1; message <= 101; message++) messages.receive({ kind: 'messaged', ...OFFER, message }, 0);
    expect(said().at(-1)).toBe('answer 101 overloaded');
    messages.receive({ kind: 'messageSettled', delivery: 1, cause: undefined }, 1);
    said();
    messages.receive({ kind: 'messaged', ...OFFER, message: 102 }, 2);
    expect(said()).toEqual(['send 101']);
  });
});

test('a text to a number of ours is taken, and goes to nobody', () => {
  const { messages, directory, said } = postOffice();
  directory.putNumber(NUMBER);
  messages.receive({ kind: 'messaged', ...OFFER, toUser: NUMBER.number }, 0);
  expect(said()).toEqual(['answer 1 taken']);
});

test('a text to nobody is not found, and one of a customer who may not call is forbidden', () => {
  const { messages, directory, said } = postOffice();
  messages.receive({ kind: 'messaged', ...OFFER, toUser: '7777' }, 0);
  expect(said()).toEqual(['answer 1 not-found']);
  directory.putCustomer({ ...CUSTOMER, status: 'frozen' });
  messages.receive({ kind: 'messaged', ...OFFER }, 0);
  expect(said()).toEqual(['answer 1 forbidden']);
});

test('that somebody is typing is passed on, and told nobody', () => {
  const { messages, journal, said } = postOffice();
  const before = journal.lastNumber(CUSTOMER.id);
  messages.receive({ kind: 'messaged', ...OFFER, contentType: 'application/im-iscomposing+xml' }, 0);
  expect(said()).toEqual(['send 1']);
  expect(journal.lastNumber(CUSTOMER.id)).toBe(before);
});

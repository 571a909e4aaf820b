import { describe, expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import { answered, CALLER, CONNECT, callToNumber, ended, failed, recordOn, ringing, SDP } from './office.ts';
import { CONFERENCE } from './quiet-ports.ts';

const SIP = address('sip', 'sip:bob@192.0.2.50:5070');

describe('a flow that connects its call', () => {
  test('rings every phone of the callee, answers the caller with the first who does, and goes on when they part', () => {
    const place = callToNumber({ contacts: 2 });
    const { demand, said, heard, told, calls } = place;
    demand(CONNECT);
    expect(said()).toEqual(['dial 2', 'dial 3', 'ring 1']);
    expect(recordOn(place, 1)!.chainedCallIds).toEqual([recordOn(place, 2)!.id, recordOn(place, 3)!.id]);
    expect(recordOn(place, 2)).toMatchObject({ masterCallId: recordOn(place, 1)!.id, direction: 'outgoing' });
    calls.receive(answered(3), 20);
    expect(said()).toEqual(['hangup 2 answered-elsewhere', 'answer 1']);
    expect([heard(), told()]).toEqual([['bridge 1 3'], ['connected 7']]);
    calls.receive(ended(2), 25);
    expect(told()).toEqual([]);
    calls.receive(ended(3, 'remote'), 30);
    expect([said(), heard(), told()]).toEqual([[], ['close 2', 'unbridge 1', 'close 3'], ['disconnected 7 normal']]);
    expect(recordOn(place, 1)).toMatchObject({ status: 'progressing' });
    expect(calls.bridgeCount).toBe(0);
  });

  test('lets an answered caller hear ringback until the callee answers', () => {
    const { demand, said, heard, calls } = callToNumber();
    demand({ kind: 'answer' });
    demand(CONNECT);
    expect([said(), heard()]).toEqual([['answer 1', 'dial 2'], ['play 1 ringback']]);
    calls.receive(answered(2), 20);
    expect([said(), heard()]).toEqual([[], ['bridge 1 2']]);
  });

  test('lets a caller who hears early media hear ringback as such', () => {
    const { demand, said, heard } = callToNumber();
    demand({ kind: 'beep', token: 1 });
    demand(CONNECT);
    expect([said(), heard()]).toEqual([
      ['ring 1 early', 'dial 2'],
      ['play 1 beep', 'play 1 ringback'],
    ]);
  });

  test('stops the ringback and tells the best reason when all have failed', () => {
    const { demand, heard, told, calls, said } = callToNumber({ contacts: 2 });
    demand({ kind: 'answer' });
    demand({ ...CONNECT, destinations: [...CONNECT.destinations, address('extension', '1999')] });
    said();
    told();
    heard();
    calls.receive(failed(2, 'no-answer'), 20);
    expect(told()).toEqual([]);
    calls.receive(failed(3, 'busy'), 30);
    expect([heard(), told(), said()]).toEqual([['close 2', 'stopPlaying 1', 'close 3'], ['disconnected 7 busy'], []]);
  });

  test('lets an answered caller hear the busy tone before the end when it has nothing else to say', () => {
    const { demand, heard, calls, said, id } = callToNumber();
    demand({ kind: 'answer' });
    demand(CONNECT);
    calls.receive(failed(2, 'busy'), 20);
    said();
    heard();
    const completed = { kind: 'completed', call: id, activeflowId: 'f' as never } as const;
    calls.receiveFlow(completed, 30);
    expect([said(), heard(), calls.deadline()]).toEqual([[], ['play 1 busy'], 4_030]);
    calls.expire(4_030);
    expect(said()).toEqual(['hangup 1 normal']);
  });

  test('hangs up at once when it has said something since, or the caller was never answered', () => {
    const busy = callToNumber();
    busy.demand(CONNECT);
    busy.calls.receive(failed(2, 'busy'), 20);
    busy.said();
    const completed = { kind: 'completed', call: busy.id, activeflowId: 'f' as never } as const;
    busy.calls.receiveFlow(completed, 30);
    expect(busy.said()).toEqual(['hangup 1 normal']);
    const spoken = callToNumber();
    spoken.demand({ kind: 'answer' });
    spoken.demand({ ...CONNECT, destinations: [] });
    spoken.demand({ kind: 'beep', token: 1 });
    spoken.said();
    spoken.calls.receiveFlow({ ...completed, call: spoken.id }, 30);
    expect(spoken.said()).toEqual(['hangup 1 normal']);
  });

  test('is told at once when nobody can be called', () => {
    const { demand, said, told, media } = callToNumber();
    demand({ ...CONNECT, destinations: [address('extension', '1002'), address('tel', '+4930123456')] });
    expect([said(), told()]).toEqual([[], ['disconnected 7 unavailable']]);
    demand({ ...CONNECT, destinations: [] });
    expect(told()).toEqual(['disconnected 7 no-answer']);
    media.isFull = true;
    demand(CONNECT);
    expect([said(), told()]).toEqual([[], ['disconnected 7 media-overloaded']]);
  });

  test('gives up after the ring time, and the caller stays', () => {
    const { demand, said, told, calls } = callToNumber({ contacts: 2 });
    demand(CONNECT, 100);
    said();
    calls.expire(60_100);
    expect([said(), told()]).toEqual([['hangup 2 no-answer', 'hangup 3 no-answer'], ['disconnected 7 no-answer']]);
    calls.receive(ended(2), 60_200);
    calls.receive(ended(3), 60_200);
    expect([told(), calls.ledger.liveCount]).toEqual([[], 1]);
  });

  test('dials a SIP URI as anybody it likes, or as nobody', () => {
    const place = callToNumber();
    place.demand({ ...CONNECT, destinations: [SIP], source: address('tel', '+15550100', 'Shop'), anonymous: 'yes' });
    place.said();
    expect(place.dialled).toEqual([
      expect.objectContaining({
        target: { contact: SIP.target, path: [], via: undefined, localPort: undefined },
        fromUser: '+15550100',
        fromName: 'Shop',
        toUser: 'bob',
        isAnonymous: true,
      }),
    ]);
    expect(recordOn(place, 2)).toMatchObject({ destination: SIP, source: { target: '+15550100' }, extensionId: null });
    place.demand({ ...CONNECT, destinations: [SIP] });
    place.said();
    expect(place.dialled[1]).toMatchObject({ fromUser: 'a' });
    expect(place.dialled[1]!.isAnonymous).toBeUndefined();
  });

  test('lets the caller hear the only callee before the answer when it wants that, and only then', () => {
    const deaf = callToNumber();
    deaf.demand(CONNECT);
    deaf.said();
    deaf.calls.receive(ringing(2, SDP), 20);
    expect([deaf.said(), deaf.heard()]).toEqual([[], []]);
    const wish = { ...CONNECT, isEarlyMediaHeard: true };
    const hearing = callToNumber();
    hearing.demand(wish);
    hearing.said();
    hearing.calls.receive(ringing(2, SDP), 20);
    expect([hearing.said(), hearing.heard()]).toEqual([['ring 1 early'], ['bridge 1 2']]);
    hearing.calls.receive(failed(2, 'busy'), 30);
    expect([hearing.heard(), hearing.told()]).toEqual([['unbridge 1', 'close 2'], ['disconnected 7 busy']]);
    const forked = callToNumber({ contacts: 2 });
    forked.demand(wish);
    forked.said();
    forked.calls.receive(ringing(2, SDP), 20);
    expect([forked.said(), forked.heard()]).toEqual([[], []]);
  });

  test('ends the callees with the caller, while they ring and when they talk', () => {
    const ringingPlace = callToNumber({ contacts: 2 });
    ringingPlace.demand(CONNECT);
    ringingPlace.said();
    ringingPlace.calls.receive(ended(1, 'remote'), 20);
    expect(ringingPlace.said()).toEqual(['hangup 2 canceled', 'hangup 3 canceled']);
    expect(ringingPlace.told()).toEqual(['ended']);
    const talking = callToNumber();
    talking.demand(CONNECT);
    talking.calls.receive(answered(2), 20);
    talking.said();
    talking.told();
    talking.calls.receive(ended(1, 'remote'), 30);
    expect([talking.said(), talking.told()]).toEqual([['hangup 2 normal'], ['ended']]);
    talking.calls.receive(ended(2), 40);
    expect([talking.calls.ledger.liveCount, talking.calls.timerCount, talking.told()]).toEqual([0, 0, []]);
  });

  test('ends a callee whose answer cannot be used, and goes on', () => {
    const { demand, said, told, media, calls } = callToNumber();
    demand(CONNECT);
    said();
    const bad = new Uint8Array([9]);
    media.refuses.add(bad);
    calls.receive(answered(2, bad), 20);
    expect(said()).toEqual(['hangup 2 not-acceptable']);
    calls.receive(ended(2), 30);
    expect(told()).toEqual(['disconnected 7 not-acceptable']);
  });

  test('plays nothing more of what it played before', () => {
    const { demand, calls, heard, told } = callToNumber();
    const hears = { kind: 'played', leg: CALLER, outcome: 'finished', detail: '' } as const;
    demand({ kind: 'answer' });
    demand({ kind: 'play', token: 1, urls: ['prompt:a', 'prompt:b'] });
    demand(CONNECT);
    calls.receive(hears, 15);
    expect(heard()).toEqual(['play 1 prompts/a.wav', 'play 1 ringback']);
    demand({ kind: 'play', token: 2, urls: ['prompt:a', 'prompt:b'] });
    calls.receive(answered(2), 20);
    calls.receive(hears, 25);
    expect([heard(), told()]).toEqual([
      ['play 1 prompts/a.wav', 'bridge 1 2'],
      ['answered', 'connected 7'],
    ]);
  });

  test('lets neither of them talk longer than any call may last', () => {
    const place = callToNumber();
    place.demand(CONNECT);
    place.calls.receive(answered(2), 20);
    place.demand({ kind: 'disconnect' });
    place.calls.receive(ended(2), 30);
    expect(place.calls.deadline()).toBe(3_600_020);
    const talking = callToNumber();
    talking.demand({ kind: 'answer' }, 5);
    talking.demand(CONNECT);
    talking.calls.receive(answered(2), 20);
    expect([talking.calls.deadline(), talking.calls.timerCount]).toEqual([3_600_005, 2]);
  });

  test('leaves the callee for a conference, and the echo for a callee', () => {
    const { demand, calls, said, heard, told } = callToNumber();
    demand({ kind: 'echo' });
    demand(CONNECT);
    calls.receive(answered(2), 20);
    said();
    expect(heard()).toEqual(['echo 1', 'unbridge 1', 'play 1 ringback', 'bridge 1 2']);
    demand({ kind: 'joinConference', token: 9, conferenceId: CONFERENCE.id });
    expect([said(), heard(), told()]).toEqual([
      ['hangup 2 normal'],
      ['unbridge 1', 'join 1 1'],
      ['connected 7', 'joined 9'],
    ]);
  });

  test('disconnects at will, while it rings and while they talk', () => {
    const { demand, said, heard, told, calls } = callToNumber();
    demand({ kind: 'answer' });
    demand(CONNECT);
    said();
    heard();
    told();
    demand({ kind: 'disconnect' });
    expect([said(), heard(), told()]).toEqual([['hangup 2 canceled'], ['stopPlaying 1'], ['disconnected 7 normal']]);
    demand(CONNECT);
    calls.receive(answered(3), 20);
    said();
    heard();
    told();
    demand({ kind: 'disconnect' });
    expect([said(), heard(), told()]).toEqual([['hangup 3 normal'], ['unbridge 1'], ['disconnected 7 normal']]);
    calls.receive(ended(3), 30);
    demand({ kind: 'disconnect' });
    expect([told(), calls.bridgeCount]).toEqual([[], 0]);
  });

  test('replaces a connection by another without news of the first', () => {
    const { demand, said, told, calls } = callToNumber();
    demand(CONNECT);
    calls.receive(answered(2), 20);
    said();
    told();
    demand({ ...CONNECT, token: 8 });
    expect([said(), told()]).toEqual([['hangup 2 normal', 'dial 3'], []]);
    calls.receive(ended(2), 30);
    calls.receive(answered(3), 40);
    expect(told()).toEqual(['connected 8']);
  });

  test('tells the peer as it is when they are connected', () => {
    const place = callToNumber();
    place.demand(CONNECT);
    place.calls.receive(answered(2), 20);
    const { news } = place.flows.news[0]!;
    expect(news).toEqual({ kind: 'connected', token: 7, peer: recordOn(place, 2) });
    expect(recordOn(place, 2)).toMatchObject({ status: 'progressing', progressingAt: 20 });
  });
});

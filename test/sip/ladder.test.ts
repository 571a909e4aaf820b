import { expect, test } from 'vitest';
import { type Hop, ladder } from '../../sip/ladder.ts';
import type { Message, Request } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import { respond } from '../../sip/writer.ts';
import { INVITE, request } from '../messages/samples.ts';

const invite = parse(INVITE.bytes).message as Request;
const bye = parse(Buffer.from(request('BYE', 'Content-Length: 0\n\n'))).message as Request;
const hop = (at: number, from: string, to: string, message: Message, lost = false): Hop => ({
  at,
  from,
  to,
  message,
  lost,
});

test('a call through a switch is drawn with three lifelines', () => {
  const drawing = ladder(
    ['alice', 'tandem', 'bob'],
    [
      hop(0, 'alice', 'tandem', invite),
      hop(1, 'tandem', 'alice', respond(invite, 100)),
      hop(2, 'tandem', 'bob', invite, true),
      hop(502, 'tandem', 'bob', invite),
      hop(12_000, 'bob', 'tandem', respond(invite, 180), true),
      hop(13_000, 'bob', 'alice', bye),
      hop(13_020, 'alice', 'bob', respond(bye, 200)),
    ],
  );
  expect(drawing).toBe(`\
        alice                      tandem                     bob
  0.000 |-- INVITE + body -------->|                          |
  0.001 |<----------- 100 Trying --|                          |
  0.002 |                          |-- INVITE + body --------x|
  0.502 |                          |-- INVITE + body -------->|
 12.000 |                          |x---------- 180 Ringing --|
 13.000 |<--------------------------------------------- BYE --|
 13.020 |-- 200 OK (BYE) ------------------------------------>|
`);
});

test('a long label makes the columns wider', () => {
  const drawing = ladder(['a', 'b'], [hop(0, 'b', 'a', respond(bye, 481))]);
  expect(drawing.split('\n')[1]).toBe('  0.000 |<-- 481 Call/Transaction Does Not Exist (BYE) --|');
});

test('a hop between unknown lifelines is our own mistake', () => {
  expect(() => ladder(['a', 'b'], [hop(0, 'a', 'c', bye)])).toThrow('a to c');
});

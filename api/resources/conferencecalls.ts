import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { ConferencecallRecord } from '../../core/calls/conferencecall-record.ts';
import type { Command } from '../../core/command.ts';
import { type Refused, stateInvalid } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { MemberGiven, memberTermsFrom } from '../member-given.ts';
import { PLAY_PAUSES, Played, Sought, seekOrder } from '../played.ts';
import { presentConferencecall } from '../presentation/calls.ts';
import { RowRoutes } from '../row-routes.ts';

const Nothing = Type.Object({});

/** `/conferencecalls`: who is in a conference, and who was. */
export function conferencecalls(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'conferencecall',
    path: '/conferencecalls',
    shape: 'ConferenceManagerConferencecall',
    present: presentConferencecall,
  });
  routes.read();
  const kick = ifIn(({ id }) => ({ kind: 'kickConferencecall', id }));
  routes.act('DELETE', '', 'Put one call out of its conference', Nothing, kick);
  const change = ifIn<Static<typeof MemberGiven>>(({ id }, body) => ({
    kind: 'updateConferencecall',
    id,
    changes: memberTermsFrom(body),
  }));
  routes.act('PUT', '', 'Change how one call takes part in its conference', MemberGiven, change);
  const play = ifIn<Static<typeof Played>>(({ id }, { stream_urls }) => ({
    kind: 'playConferencecall',
    id,
    urls: stream_urls,
  }));
  routes.act('POST', '/play', 'Play to one who is in a conference', Played, play);
  const hush = ifIn(({ id }) => ({ kind: 'playConferencecall', id, urls: [] }));
  routes.act('DELETE', '/play', 'Stop what is played to one', Nothing, hush);
  for (const [path, kind, summary] of PLAY_PAUSES) {
    const steer = ifIn(({ id }) => ({ kind: 'steerConferencecall', id, order: { kind } }));
    routes.act('POST', path, `${summary} one who is in a conference`, Nothing, steer);
  }
  const seek = ifIn<Static<typeof Sought>>(({ id }, body) => {
    const order = seekOrder(body);
    return 'refusal' in order ? order : { kind: 'steerConferencecall', id, order };
  });
  routes.act('POST', '/play_seek', 'Go to another place in what is played to one', Sought, seek);
}

/** What is asked of one who is in a conference; one who has left says so. */
function ifIn<Given>(
  commandOf: (stay: ConferencecallRecord, given: Given) => Command | Refused,
): (stay: ConferencecallRecord, given: Given) => Command | Refused {
  return (stay, asked) =>
    stay.status === 'leaved'
      ? stateInvalid(`conferencecall ${stay.id} has left already`, 'a conferencecall that is in', stay.status)
      : commandOf(stay, asked);
}

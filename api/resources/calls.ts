import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { CallRecord } from '../../core/calls/call-record.ts';
import { GAIN_DB } from '../../core/calls/member-terms.ts';
import { SUPERVISOR_MODES } from '../../core/calls/who-hears-whom.ts';
import type { Command } from '../../core/command.ts';
import type { CallId, FlowId } from '../../core/kernel/ids.ts';
import { parkPlaceOf, userOfSlot } from '../../core/routing/park-slot.ts';
import { type Answer, type CustomerPrincipal, type Refused, refuse, send, stateInvalid } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { Anonymous, readActions, readVariables, Variables } from '../given-flow.ts';
import { operation } from '../operation.ts';
import { presentCall } from '../presentation/calls.ts';
import { shapeOf } from '../presentation/shapes.ts';
import type { Presented } from '../presentation/values.ts';
import { principalOf } from '../principal.ts';
import { RECORDING_PAUSES, Recorded, recordingLimits } from '../recorded.ts';
import { RowRoutes } from '../row-routes.ts';
import { Actions, AddressGiven, addressFrom, Id, idFrom, OptionalId } from '../schema.ts';

/** Destinations of one request. */
const DESTINATIONS_MAX = 100;

const Creation = Type.Object({
  destinations: Type.Array(AddressGiven, {
    minItems: 1,
    maxItems: DESTINATIONS_MAX,
    description: `an array of 1 to ${DESTINATIONS_MAX} addresses {type, target}`,
  }),
  source: Type.Optional(AddressGiven),
  flow_id: OptionalId,
  actions: Type.Optional(Actions),
  anonymous: Type.Optional(Anonymous),
  variables: Type.Optional(Variables),
});
const Made = Type.Object({ calls: Type.Array(shapeOf('CallManagerCall')), groupcalls: Type.Array(Type.Unknown()) });
const Mute = Type.Object({
  direction: Type.Optional(Type.Enum(['', 'both', 'in', 'out'], { description: 'both, in or out' })),
});
const Park = Type.Object({
  slot: Type.Optional(
    Type.String({
      pattern: '^(\\*85(0[1-9]|[1-9][0-9]))?$',
      description: "what is dialled for a slot, *8501 to *8599; '' for the first that is free",
    }),
  ),
});
const Decibels = Type.Number({
  minimum: GAIN_DB.min,
  maximum: GAIN_DB.max,
  description: `decibels, ${GAIN_DB.min} to ${GAIN_DB.max}`,
});
const Gain = Type.Object({ in: Type.Optional(Decibels), out: Type.Optional(Decibels) });
const Supervision = Type.Object({
  call_id: Id,
  mode: Type.Enum([...SUPERVISOR_MODES], { description: 'listen, whisper or barge' }),
});
const Nothing = Type.Object({});

/** `/calls`: live and past calls. */
export function calls(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'call',
    path: '/calls',
    shape: 'CallManagerCall',
    present: (row) => presented(backend, row),
  });
  routes.read();
  app.post(
    '/calls',
    operation('calls', 'Call every destination; the flow runs on each that answers', { body: Creation, answer: Made }),
    async (request, reply) =>
      send(reply, await create(backend, principalOf(request), request.body as Static<typeof Creation>)),
  );
  routes.remove((record) => ({ kind: 'deleteCall', record }));
  routes.act(
    'POST',
    '/hangup',
    'Hang up one call',
    Nothing,
    ifLive(({ id }) => ({ kind: 'hangupCall', id })),
  );
  controls(routes);
  parking(routes);
}

function parking(routes: RowRoutes<'call'>): void {
  const park = ifLive<Static<typeof Park>>(({ id }, { slot = '' }) => ({
    kind: 'parkCall',
    id,
    place: parkPlaceOf(slot) ?? 'any',
  }));
  routes.act('POST', '/park', 'Park one call: it waits until somebody dials its slot', Park, park);
  const giveBack = ifLive(({ id }): Command => ({ kind: 'parkCall', id, place: 'returned' }));
  routes.act('DELETE', '/park', 'Give one parked call back to who parked it', Nothing, giveBack);
}

function controls(routes: RowRoutes<'call'>): void {
  const hold = (mode: 'held' | 'active') => ifLive(({ id }): Command => ({ kind: 'holdCall', id, mode }));
  routes.act('POST', '/hold', 'Hold one call', Nothing, hold('held'));
  routes.act('DELETE', '/hold', 'Take one call back', Nothing, hold('active'));

  const entertain = (mode: 'on' | 'off') => ifLive(({ id }): Command => ({ kind: 'entertainCall', id, mode }));
  routes.act('POST', '/moh', 'Let one call hear music', Nothing, entertain('on'));
  routes.act('DELETE', '/moh', 'Let one call hear no more music', Nothing, entertain('off'));

  const mute = (mode: 'mute' | 'unmute') =>
    ifLive<Static<typeof Mute>>(({ id }, { direction }) => ({
      kind: 'muteCall',
      id,
      direction: direction || 'both',
      mode,
    }));
  routes.act('POST', '/mute', 'Mute one call: in is not heard, out hears nothing', Mute, mute('mute'));
  routes.act('DELETE', '/mute', 'Undo the muting of one call', Mute, mute('unmute'));

  const amplify = ifLive<Static<typeof Gain>>(({ id }, { in: inDb = 0, out: outDb = 0 }) => ({
    kind: 'amplifyCall',
    id,
    inDb,
    outDb,
  }));
  routes.act('POST', '/gain', 'Make what one call says, and what it hears, louder or softer', Gain, amplify);

  const supervise = ifLive<Static<typeof Supervision>>(({ id }, { call_id, mode }) => ({
    kind: 'superviseCall',
    id,
    supervised: call_id.toLowerCase() as CallId,
    mode,
  }));
  routes.act(
    'POST',
    '/supervise',
    'Let one call hear another, whisper to it, or talk with both',
    Supervision,
    supervise,
  );
  const leave = ifLive(({ id }): Command => ({ kind: 'endSupervision', id }));
  routes.act('DELETE', '/supervise', 'Let one call supervise no more', Nothing, leave);

  const record = ifLive<Static<typeof Recorded>>(({ id }, given) => ({
    kind: 'startRecording',
    reference: { type: 'call', id },
    limits: recordingLimits(given),
  }));
  routes.act('POST', '/recording_start', 'Record one call', Recorded, record);
  for (const [path, mode, summary] of RECORDING_PAUSES) {
    const pause = ifLive(({ id }): Command => ({ kind: 'pauseRecording', reference: { type: 'call', id }, mode }));
    routes.act('POST', path, `${summary} of one call`, Nothing, pause);
  }
  const stop = ifLive(({ id }) => ({ kind: 'stopRecording', reference: { type: 'call', id } }));
  routes.act('POST', '/recording_stop', 'End the recording of one call', Nothing, stop);
}

async function create(backend: Backend, by: CustomerPrincipal, body: Static<typeof Creation>): Promise<Answer> {
  const flow = readActions(body.actions ?? []);
  if ('refusal' in flow) return flow;
  const values = readVariables(body.variables ?? {});
  if ('refusal' in values) return values;
  const result = await backend.execute(
    {
      kind: 'createCalls',
      customerId: by.customerId,
      source: body.source === undefined ? null : addressFrom(body.source),
      destinations: body.destinations.map(addressFrom),
      flowId: idFrom<FlowId>(body.flow_id),
      anonymous: body.anonymous ?? '',
      ...flow,
      ...values,
    },
    by,
  );
  if (result.kind === 'refused') return refuse(result.refusal);
  const rows = await Promise.all((result.ids ?? [result.id]).map((id) => backend.get('call', id)));
  const made = rows.filter((row) => row !== undefined).map((row) => presented(backend, row));
  return { body: { calls: made, groupcalls: [] } };
}

function presented(backend: Backend, call: CallRecord): Presented {
  const action = call.activeflowId === null ? null : backend.currentAction(call.activeflowId);
  const slot = backend.parkSlot(call.id);
  const media = call.media ?? backend.mediaNow(call.id);
  return presentCall(call, { action, media, parkSlot: slot === undefined ? '' : userOfSlot(slot) });
}

/** What is asked of a live call; one that has ended says so. */
function ifLive<Given>(
  commandOf: (call: CallRecord, given: Given) => Command,
): (call: CallRecord, given: Given) => Command | Refused {
  return (call, given) =>
    call.status === 'hangup'
      ? stateInvalid(`call ${call.id} has ended already`, 'a live call', call.status)
      : commandOf(call, given);
}

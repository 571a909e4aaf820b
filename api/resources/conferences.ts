import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { Command } from '../../core/command.ts';
import { CONFERENCE_SETTINGS, type Conference, type ConferenceSettings } from '../../core/directory/records.ts';
import type { ConferenceId, ExternalMediaId, FlowId } from '../../core/kernel/ids.ts';
import { invalid } from '../../core/refusal.ts';
import { wishFrom } from '../../flows/stream-terms.ts';
import type { Backend } from '../backend.ts';
import { MEMBER_GIVEN, memberTermsFrom } from '../member-given.ts';
import { PLAY_PAUSES, Played, Sought, seekOrder } from '../played.ts';
import { presentConference } from '../presentation/calls.ts';
import { RECORDING_PAUSES, Recorded, recordingLimits } from '../recorded.ts';
import { RowRoutes } from '../row-routes.ts';
import { given, idChangeFrom, idFrom, Name, OptionalId, Text } from '../schema.ts';

/** A conference that would end within a minute lasts a day (platform §5.5). */
const TIMEOUT_S = { shortest: 60, instead: 86_400, longest: 2_147_483_647 };

const Rest = {
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  timeout: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: TIMEOUT_S.longest,
      description: `seconds, 0 for never; 1 to 59 mean ${TIMEOUT_S.instead}`,
    }),
  ),
  data: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'an object' })),
  entry_tone: Type.Optional(Type.Boolean({ description: 'whether all hear that somebody comes' })),
  exit_tone: Type.Optional(Type.Boolean({ description: 'whether all hear that somebody goes' })),
  talker_events: Type.Optional(Type.Boolean({ description: 'whether it is told who talks' })),
  pre_flow_id: OptionalId,
  post_flow_id: OptionalId,
};
const Creation = Type.Object({
  type: Type.Enum(['', 'conference', 'connect', 'queue'], { description: 'conference, connect, queue or ""' }),
  id: OptionalId,
  ...Rest,
});
/** What is left out stays as it is. */
const Changes = Type.Object(Rest);
const Nothing = Type.Object({});
/** As the action `external_media_start` takes it. */
const Program = Type.Object({
  external_host: Type.String({ minLength: 1, maxLength: 2048, description: 'host:port, or a ws or wss URL' }),
  id: OptionalId,
  encapsulation: Type.Optional(Name),
  transport: Type.Optional(Name),
  format: Type.Optional(Name),
  direction_listen: Type.Optional(Name),
  direction_speak: Type.Optional(Name),
  data: Type.Optional(Text),
  ...MEMBER_GIVEN,
});

/** `/conferences`: rooms where calls meet. */
export function conferences(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'conference',
    path: '/conferences',
    shape: 'ConferenceManagerConference',
    present: async (row) => presentConference(ended(row), await backend.conferenceNow(row.id)),
  });
  routes.read();
  routes.create(Creation, (body, { customerId }) => {
    const { type, name = '', detail = '', data = {}, timeout = 0 } = body;
    const preFlowId = idFrom<FlowId>(body.pre_flow_id);
    const postFlowId = idFrom<FlowId>(body.post_flow_id);
    const settings = { ...CONFERENCE_SETTINGS, ...settingsFrom(body) };
    const fields = { type, name, detail, data, timeoutS: lasting(timeout), settings, preFlowId, postFlowId };
    return { kind: 'createConference', customerId, id: idFrom<ConferenceId>(body.id), fields };
  });
  routes.act('PUT', '', 'Change one conference', Changes, ({ id }, { name, detail, data, timeout, ...body }) => ({
    kind: 'updateConference',
    id,
    changes: given({
      name,
      detail,
      data,
      timeoutS: timeout === undefined ? undefined : lasting(timeout),
      settings: settingsFrom(body),
      preFlowId: idChangeFrom<FlowId>(body.pre_flow_id),
      postFlowId: idChangeFrom<FlowId>(body.post_flow_id),
    }),
  }));
  // Everybody leaves before it is answered.
  routes.remove(({ id }) => ({ kind: 'deleteConference', id }));
  const lock =
    (mode: 'locked' | 'open') =>
    ({ id }: Conference): Command => ({ kind: 'lockConference', id, mode });
  routes.act('POST', '/lock', 'Let nobody but moderators into one conference', Nothing, lock('locked'));
  routes.act('DELETE', '/lock', 'Let everybody into one conference again', Nothing, lock('open'));
  routes.act('POST', '/play', 'Play to all who are in one conference', Played, ({ id }, { stream_urls }) => ({
    kind: 'playConference',
    id,
    urls: stream_urls,
  }));
  routes.act('DELETE', '/play', 'Stop what is played to all', Nothing, ({ id }) => ({
    kind: 'playConference',
    id,
    urls: [],
  }));
  steeringOf(routes);
  recordingOf(routes);
  programsOf(routes);
}

function steeringOf(routes: RowRoutes<'conference'>): void {
  for (const [path, kind, summary] of PLAY_PAUSES) {
    routes.act('POST', path, `${summary} all who are in one conference`, Nothing, ({ id }) => ({
      kind: 'steerConference',
      id,
      order: { kind },
    }));
  }
  routes.act('POST', '/play_seek', 'Go to another place in what is played to all', Sought, ({ id }, body) => {
    const order = seekOrder(body);
    return 'refusal' in order ? order : { kind: 'steerConference', id, order };
  });
}

function recordingOf(routes: RowRoutes<'conference'>): void {
  routes.act('POST', '/recording_start', 'Record what is said in one conference', Recorded, ({ id }, body) => ({
    kind: 'startRecording',
    reference: { type: 'confbridge', id },
    limits: recordingLimits(body),
  }));
  for (const [path, mode, summary] of RECORDING_PAUSES) {
    routes.act('POST', path, `${summary} of one conference`, Nothing, ({ id }) => ({
      kind: 'pauseRecording',
      reference: { type: 'confbridge', id },
      mode,
    }));
  }
  routes.act('POST', '/recording_stop', 'End the recording of one conference', Nothing, ({ id }) => ({
    kind: 'stopRecording',
    reference: { type: 'confbridge', id },
  }));
}

/** A program outside is a member as soon as it is connected. */
function programsOf(routes: RowRoutes<'conference'>): void {
  routes.act('POST', '/external_media', 'Bring a program outside into one conference', Program, ({ id }, body) => {
    const wish = wishFrom({
      externalHost: body.external_host,
      encapsulation: body.encapsulation ?? '',
      transport: body.transport ?? '',
      transportData: '',
      connectionType: '',
      format: body.format ?? '',
      listen: body.direction_listen ?? '',
      speak: body.direction_speak ?? '',
      data: body.data ?? '',
    });
    if ('field' in wish)
      return { refusal: invalid(wish.field, wish.expected, given(body)[wish.field as 'format'] ?? '') };
    return {
      kind: 'startExternalMedia',
      reference: { type: 'confbridge', id },
      id: idFrom<ExternalMediaId>(body.id),
      wish,
      terms: memberTermsFrom(body),
    };
  });
}

function settingsFrom(body: Static<typeof Changes>): Partial<ConferenceSettings> {
  return given({ entryTone: body.entry_tone, exitTone: body.exit_tone, talkerEvents: body.talker_events });
}

function lasting(timeoutS: number): number {
  return timeoutS > 0 && timeoutS < TIMEOUT_S.shortest ? TIMEOUT_S.instead : timeoutS;
}

/** A deleted conference is over. */
function ended(row: Conference): Conference {
  return row.deletedAt === null ? row : { ...row, status: 'terminated', endedAt: row.endedAt ?? row.deletedAt };
}

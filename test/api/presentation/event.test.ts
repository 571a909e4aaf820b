import { expect, test } from 'vitest';
import { presentEvent } from '../../../api/presentation/event.ts';
import { address } from '../../../core/calls/address.ts';
import { MEMBER_TERMS } from '../../../core/calls/member-terms.ts';
import { INCOMING_ONLY } from '../../../core/directory/provider-terms.ts';
import { CONFERENCE_SETTINGS, type Conference, type Trunk } from '../../../core/directory/records.ts';
import type { EventBody } from '../../../core/event.ts';
import type { AgentId, CallId, ConferencecallId, ConferenceId, CustomerId, TrunkId } from '../../../core/kernel/ids.ts';
import { simulate } from '../simulated-backend.ts';

const TIMES = { createdAt: 0, updatedAt: null, deletedAt: null };

test('an event carries the resource as the API shows it', async () => {
  const { backend, ask, customerId } = await simulate();
  const [source, destination] = [address('tel', '+4930111111'), address('tel', '+4930222222')];
  const call = backend.life.addCall(customerId, { source, destination });
  const presented = presentEvent({ type: 'call_created', call });
  expect(presented?.data).toEqual((await ask('GET', `/v1.0/calls/${call.id}`)).body);
});

test('no secret is in the event of what was made with one', async () => {
  const { backend, ask } = await simulate();
  const cursor = backend.journal.cursorOverAll();
  const made = await ask('POST', '/v1.0/accesskeys', {});
  await ask('POST', '/v1.0/extensions', { extension: '1001', password: 'phone secret' });
  const trunk = { domain_name: 'carrier', auth_types: ['basic'], username: 'us', password: 'trunk secret' };
  await ask('POST', '/v1.0/trunks', trunk);
  const texts: string[] = [];
  for (let reading = cursor.poll(); reading !== undefined; reading = cursor.poll()) {
    if (reading.kind === 'event') texts.push(JSON.stringify(presentEvent(reading.event.body)));
  }
  expect(texts).toHaveLength(3);
  const { accesskeys } = backend.directory;
  const hash = accesskeys.get(made.body.id)!.tokenHash;
  for (const secret of [made.body.token, hash, 'phone secret', 'trunk secret'])
    expect(texts.join()).not.toContain(secret);
});

test('what the reference keeps to itself is for our own clients alone', () => {
  const trunk: Trunk = {
    id: 'trunk' as TrunkId,
    customerId: 'customer' as CustomerId,
    name: '',
    detail: '',
    domainName: 'carrier',
    authTypes: ['ip'],
    username: '',
    password: 'x',
    allowedIps: [],
    ...INCOMING_ONLY,
    ...TIMES,
  };
  expect(presentEvent({ type: 'trunk_updated', trunk })).toMatchObject({ audience: 'own', data: { password: '' } });
  const digit = { type: 'dtmf_received', callId: 'call' as CallId, digit: '5', durationMs: 120 } as const;
  expect(presentEvent(digit)).toEqual({
    type: 'dtmf_received',
    audience: 'own',
    data: { call_id: 'call', digit: '5', duration: 120 },
  });
  expect(presentEvent({ type: 'agent_updated', agentId: 'agent' as AgentId })).toBeUndefined();
});

test('a conference and who is in it are told to everybody, their coming and going to our own clients', () => {
  const conference: Conference = {
    id: 'conference' as ConferenceId,
    customerId: 'customer' as CustomerId,
    type: 'conference',
    status: 'progressing',
    name: '',
    detail: '',
    data: {},
    timeoutS: 0,
    settings: CONFERENCE_SETTINGS,
    preFlowId: null,
    postFlowId: null,
    directHash: '',
    endedAt: null,
    ...TIMES,
  };
  const conferencecall = {
    id: 'stay' as ConferencecallId,
    customerId: conference.customerId,
    activeflowId: null,
    conferenceId: conference.id,
    reference: { type: 'call', id: 'call' as CallId },
    terms: MEMBER_TERMS,
    status: 'joined',
    ...TIMES,
  } as const;
  const told: EventBody = {
    type: 'conference_updated',
    conference,
    conferencecalls: { count: 1, ids: [conferencecall.id] },
  };
  expect(presentEvent(told)).toMatchObject({ audience: 'reference', data: { conferencecall_ids: ['stay'] } });
  expect(presentEvent({ type: 'conferencecall_joined', conferencecall })).toMatchObject({
    audience: 'own',
    data: { conference_id: 'conference', reference_type: 'call', reference_id: 'call', status: 'joined' },
  });
});

test('what could not be played to a call is told with its reason to our own clients', () => {
  const callId = 'c0000000-0000-4000-8000-000000000001' as CallId;
  const conferenceId = 'f0000000-0000-4000-8000-000000000001' as ConferenceId;
  expect(presentEvent({ type: 'conference_sound_failed', conferenceId, sound: 'tone:beep', detail: 'lost' })).toEqual({
    type: 'conference_sound_failed',
    data: { conference_id: conferenceId, sound: 'tone:beep', detail: 'lost' },
    audience: 'own',
  });
  expect(presentEvent({ type: 'call_sound_failed', callId, sound: 'prompt:none', detail: 'no such file' })).toEqual({
    type: 'call_sound_failed',
    data: { call_id: callId, sound: 'prompt:none', detail: 'no such file' },
    audience: 'own',
  });
});

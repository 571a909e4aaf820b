import { address } from '../../../core/calls/address.ts';
import type { CallRecord } from '../../../core/calls/call-record.ts';
import type { Accesskey, Agent, Binding, Customer, Extension } from '../../../core/directory/records.ts';
import type { AccesskeyId, AgentId, CallId, CustomerId, ExtensionId } from '../../../core/kernel/ids.ts';

/** One row of each kind, to be varied by tests. */
export const CUSTOMER: Customer = {
  id: 'c0000000-0000-4000-8000-000000000001' as CustomerId,
  name: 'First',
  detail: 'of all',
  email: 'a@example.org',
  status: 'active',
  ordinal: 1,
  createdAt: 1000,
  updatedAt: null,
  deletedAt: null,
};

export const AGENT: Agent = {
  id: 'a0000000-0000-4000-8000-000000000001' as AgentId,
  customerId: CUSTOMER.id,
  username: 'admin@localhost',
  passwordHash: '$argon2id$…',
  name: 'Admin',
  detail: '',
  permission: 0x20,
  createdAt: 1000,
  updatedAt: 2000,
  deletedAt: null,
};

export const ACCESSKEY: Accesskey = {
  id: 'b0000000-0000-4000-8000-000000000001' as AccesskeyId,
  customerId: CUSTOMER.id,
  name: 'key',
  detail: '',
  tokenHash: 'ab'.repeat(32),
  tokenPrefix: 'vb_abc',
  expiresAt: 9000,
  createdAt: 1000,
  updatedAt: null,
  deletedAt: null,
};

export const EXTENSION: Extension = {
  id: 'e0000000-0000-4000-8000-000000000001' as ExtensionId,
  customerId: CUSTOMER.id,
  extension: '1001',
  name: 'Ünïcode ☎',
  detail: '',
  password: 'pässword',
  createdAt: 1000.25,
  updatedAt: null,
  deletedAt: null,
};

export const BINDING: Binding = {
  customerId: CUSTOMER.id,
  extensionId: EXTENSION.id,
  contact: 'sip:1001@192.0.2.1:5062',
  path: ['<sip:edge.example.org;lr>'],
  transport: 'udp',
  address: '192.0.2.1',
  port: 5062,
  localPort: 5060,
  sipCallId: 'abc@192.0.2.1',
  cseq: 4294967295,
  instance: '',
  regId: 0,
  q: 1000,
  userAgent: 'Phone/1',
  registeredAt: 1000,
  expiresAt: 5000,
};

export const CALL: CallRecord = {
  id: 'd0000000-0000-4000-8000-000000000001' as CallId,
  customerId: CUSTOMER.id,
  direction: 'incoming',
  status: 'dialing',
  source: address('extension', '1001', 'One'),
  destination: address('tel', '+15551234567'),
  extensionId: EXTENSION.id,
  masterCallId: null,
  chainedCallIds: ['d0000000-0000-4000-8000-000000000002' as CallId],
  groupcallId: null,
  hangupBy: '',
  hangupReason: '',
  cause: null,
  createdAt: 1000.5,
  ringingAt: null,
  progressingAt: null,
  hangupAt: null,
  updatedAt: null,
  deletedAt: null,
};

/** A call with its own id, made from a number. */
export function callNumber(number: number, changes: Partial<CallRecord> = {}): CallRecord {
  const id = `d0000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}` as CallId;
  return { ...CALL, id, ...changes };
}

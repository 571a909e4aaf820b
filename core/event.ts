import type { CallRecord } from './calls/call-record.ts';
import type { Binding, Extension } from './directory/records.ts';
import type { AgentId } from './kernel/ids.ts';

/** Everything that has happened, versioned by adding, never by changing. Secrets are taken out by `api/presentation`. */
export type EventBody =
  | {
      readonly type:
        | 'call_created'
        | 'call_updated'
        | 'call_deleted'
        | 'call_dialing'
        | 'call_ringing'
        | 'call_progressing'
        | 'call_terminating'
        | 'call_canceling'
        | 'call_hangup';
      readonly call: CallRecord;
    }
  | { readonly type: 'extension_created' | 'extension_updated' | 'extension_deleted'; readonly extension: Extension }
  | { readonly type: 'extension_registered' | 'extension_unregistered'; readonly binding: Binding }
  | { readonly type: 'agent_updated'; readonly agentId: AgentId };

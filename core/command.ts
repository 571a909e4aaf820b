import type { CallRecord } from './calls/call-record.ts';
import type { FaultCode } from './kernel/fault.ts';
import type { AccesskeyId, AgentId, CallId, CustomerId, ExtensionId } from './kernel/ids.ts';

/** Who asks. Rights are judged in one place, `core/authorization.ts`. */
export type Principal =
  | { readonly kind: 'agent'; readonly agentId: AgentId; readonly customerId: CustomerId; readonly permission: number }
  | { readonly kind: 'accesskey'; readonly accesskeyId: AccesskeyId; readonly customerId: CustomerId }
  /** The command line of the machine itself, proved by a token in the data folder. */
  | { readonly kind: 'operator' };

/** Everything that can be asked of the core. */
export type Command =
  | {
      readonly kind: 'createExtension';
      readonly customerId: CustomerId;
      readonly extension: string;
      readonly password: string;
      readonly name: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'updateExtension';
      readonly id: ExtensionId;
      readonly changes: { readonly name?: string; readonly detail?: string; readonly password?: string };
    }
  | { readonly kind: 'deleteExtension'; readonly id: ExtensionId }
  | { readonly kind: 'hangupCall'; readonly id: CallId }
  /** Hangs up if live, then marks the record as deleted. `record` is the call as whoever asks has read it. */
  | { readonly kind: 'deleteCall'; readonly record: CallRecord }
  | { readonly kind: 'setAgentPassword'; readonly username: string; readonly passwordHash: string };

/** How a command ended. `done` means committed, applied and published; `id` names the thing created or changed. */
export type CommandResult =
  | { readonly kind: 'done'; readonly id: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** An answer, not an exception: nothing was changed. */
export interface Refusal {
  readonly code: FaultCode;
  readonly message: string;
  readonly field?: string;
  readonly expected?: string;
  readonly got?: string;
}

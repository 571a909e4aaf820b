import type { CallRecord } from './calls/call-record.ts';
import type { ConferencecallRecord } from './calls/conferencecall-record.ts';
import type { RecordingRecord } from './calls/recording-record.ts';
import type {
  Accesskey,
  Agent,
  Binding,
  Conference,
  Customer,
  DialRoute,
  Extension,
  Flow,
  OutboundConfig,
  PhoneNumber,
  Provider,
  Trunk,
} from './directory/records.ts';
import type { ActiveflowRecord } from './flows/activeflow-record.ts';
import type { CallId, CustomerId, ExtensionId } from './kernel/ids.ts';

/** Everything that can be stored. Each is an upsert of a whole row, or a removal; the store knows no other verbs. */
export type Write =
  | { readonly kind: 'saveCustomer'; readonly row: Customer }
  | { readonly kind: 'saveAgent'; readonly row: Agent }
  | { readonly kind: 'saveAccesskey'; readonly row: Accesskey }
  | { readonly kind: 'saveExtension'; readonly row: Extension }
  | { readonly kind: 'saveTrunk'; readonly row: Trunk }
  | { readonly kind: 'saveProvider'; readonly row: Provider }
  | { readonly kind: 'saveDialRoute'; readonly row: DialRoute }
  | { readonly kind: 'saveOutboundConfig'; readonly row: OutboundConfig }
  | { readonly kind: 'saveNumber'; readonly row: PhoneNumber }
  | { readonly kind: 'saveFlow'; readonly row: Flow }
  | { readonly kind: 'saveConference'; readonly row: Conference }
  | { readonly kind: 'saveCall'; readonly row: CallRecord }
  | { readonly kind: 'saveConferencecall'; readonly row: ConferencecallRecord }
  | { readonly kind: 'saveRecording'; readonly row: RecordingRecord }
  | { readonly kind: 'saveActiveflow'; readonly row: ActiveflowRecord }
  /** The confirmed dialog of a live call: enough for another process to send BYE in it. */
  | { readonly kind: 'saveDialog'; readonly callId: CallId; readonly customerId: CustomerId; readonly dialog: string }
  | { readonly kind: 'dropDialog'; readonly callId: CallId }
  | { readonly kind: 'saveBinding'; readonly row: Binding }
  | { readonly kind: 'dropBinding'; readonly extensionId: ExtensionId; readonly contact: string }
  /** Installation-wide secrets and facts, such as the key that signs tokens. */
  | { readonly kind: 'saveFact'; readonly name: string; readonly value: string };

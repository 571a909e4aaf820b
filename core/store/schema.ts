/**
 * Tables as kysely sees them. Times are wall times in milliseconds; lists and addresses are JSON text; secrets are
 * sealed (`seal.ts`). Nothing is joined: a row is what the domain's record is.
 */
export interface CustomersTable {
  id: string;
  name: string;
  detail: string;
  email: string;
  status: string;
  ordinal: number;
  created_at: number;
  updated_at: number | null;
  deleted_at: number | null;
}

export interface AgentsTable {
  id: string;
  customer_id: string;
  username: string;
  password_hash: string;
  name: string;
  detail: string;
  permission: number;
  created_at: number;
  updated_at: number | null;
  deleted_at: number | null;
}

export interface AccesskeysTable {
  id: string;
  customer_id: string;
  name: string;
  detail: string;
  token_hash: string;
  token_prefix: string;
  expires_at: number | null;
  created_at: number;
  updated_at: number | null;
  deleted_at: number | null;
}

export interface ExtensionsTable {
  id: string;
  customer_id: string;
  extension: string;
  name: string;
  detail: string;
  sealed_password: string;
  codecs: string;
  srtp: string;
  created_at: number;
  updated_at: number | null;
  deleted_at: number | null;
}

export interface BindingsTable {
  extension_id: string;
  contact: string;
  customer_id: string;
  path: string;
  transport: string;
  address: string;
  port: number;
  local_port: number;
  sip_call_id: string;
  cseq: number;
  instance: string;
  reg_id: number;
  q: number;
  user_agent: string;
  registered_at: number;
  expires_at: number;
}

export interface CallsTable {
  id: string;
  customer_id: string;
  direction: string;
  status: string;
  source: string;
  destination: string;
  extension_id: string | null;
  trunk_id: string | null;
  flow_id: string | null;
  activeflow_id: string | null;
  recording_ids: string;
  recording_id: string | null;
  mute_direction: string;
  master_call_id: string | null;
  chained_call_ids: string;
  groupcall_id: string | null;
  hangup_by: string;
  hangup_reason: string;
  cause: string | null;
  media: string | null;
  created_at: number;
  ringing_at: number | null;
  progressing_at: number | null;
  hangup_at: number | null;
  updated_at: number | null;
  deleted_at: number | null;
}

/** What every table of a customer's rows has. */
interface RowsTable {
  id: string;
  customer_id: string;
  created_at: number;
  updated_at: number | null;
  deleted_at: number | null;
}

export interface TrunksTable extends RowsTable {
  name: string;
  detail: string;
  domain_name: string;
  auth_types: string;
  username: string;
  sealed_password: string;
  allowed_ips: string;
  hostname: string;
  codecs: string;
  /** '' before anybody has said more. */
  sealed_terms: string;
}

export interface ProvidersTable extends RowsTable {
  name: string;
  detail: string;
  hostname: string;
  tech_prefix: string;
  tech_postfix: string;
  tech_headers: string;
  codecs: string;
  sealed_terms: string;
}

export interface DialRoutesTable extends RowsTable {
  name: string;
  detail: string;
  provider_id: string;
  priority: number;
  target: string;
}

export interface OutboundConfigsTable extends RowsTable {
  name: string;
  detail: string;
  destination_whitelist: string;
  codecs: string;
  default_number_id: string | null;
  calls_max: number;
}

export interface NumbersTable extends RowsTable {
  number: string;
  short_code: string;
  type: string;
  call_flow_id: string | null;
  message_flow_id: string | null;
  name: string;
  detail: string;
  status: string;
  /** 0 or 1. */
  is_rtp_debugged: number;
  purchased_at: number | null;
  renewed_at: number | null;
}

export interface FlowsTable extends RowsTable {
  type: string;
  name: string;
  detail: string;
  actions: string;
  on_complete_flow_id: string | null;
  direct_hash: string;
}

export interface ConferencesTable extends RowsTable {
  settings: string;
  type: string;
  status: string;
  name: string;
  detail: string;
  data: string;
  timeout_s: number;
  pre_flow_id: string | null;
  post_flow_id: string | null;
  direct_hash: string;
  ended_at: number | null;
}

export interface ConferencecallsTable extends RowsTable {
  terms: string;
  activeflow_id: string | null;
  conference_id: string;
  reference_type: string;
  reference_id: string;
  status: string;
}

export interface RecordingsTable extends RowsTable {
  reference_type: string;
  reference_id: string;
  status: string;
  format: string;
  name: string;
  files: string;
  failure: string;
  activeflow_id: string | null;
  on_end_flow_id: string | null;
  started_at: number | null;
  ended_at: number | null;
}

export interface ActiveflowsTable extends RowsTable {
  flow_id: string | null;
  status: string;
  reference_type: string;
  reference_id: string | null;
  parent_id: string | null;
  on_complete_flow_id: string | null;
  webhook_uri: string;
  webhook_method: string;
  current_action: string | null;
  forward_action_id: string | null;
  executed_actions: string;
}

export interface DialogsTable {
  call_id: string;
  customer_id: string;
  dialog: string;
}

export interface FactsTable {
  name: string;
  sealed_value: string;
}

export interface MigrationsTable {
  number: number;
  name: string;
}

export interface Schema {
  customers: CustomersTable;
  agents: AgentsTable;
  accesskeys: AccesskeysTable;
  extensions: ExtensionsTable;
  bindings: BindingsTable;
  trunks: TrunksTable;
  providers: ProvidersTable;
  dial_routes: DialRoutesTable;
  outbound_configs: OutboundConfigsTable;
  numbers: NumbersTable;
  flows: FlowsTable;
  conferences: ConferencesTable;
  calls: CallsTable;
  conferencecalls: ConferencecallsTable;
  recordings: RecordingsTable;
  activeflows: ActiveflowsTable;
  dialogs: DialogsTable;
  facts: FactsTable;
  migrations: MigrationsTable;
}

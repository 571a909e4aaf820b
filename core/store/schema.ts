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
  master_call_id: string | null;
  chained_call_ids: string;
  groupcall_id: string | null;
  hangup_by: string;
  hangup_reason: string;
  cause: string | null;
  created_at: number;
  ringing_at: number | null;
  progressing_at: number | null;
  hangup_at: number | null;
  updated_at: number | null;
  deleted_at: number | null;
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
  calls: CallsTable;
  dialogs: DialogsTable;
  facts: FactsTable;
  migrations: MigrationsTable;
}

import type { Principal } from './command.ts';
import { PERMISSION } from './directory/records.ts';
import type { CustomerId } from './kernel/ids.ts';

/**
 * Whether the principal holds one of the required permission bits for this customer's things. A project super admin
 * and the operator may use everybody's; an access key acts as an admin of its customer; `PERMISSION.all` asks for no
 * more than being an agent of the customer.
 */
export function mayUse(principal: Principal, customerId: CustomerId, requiredBits: number): boolean {
  switch (principal.kind) {
    case 'operator':
      return true;
    case 'agent': {
      if ((principal.permission & PERMISSION.projectSuperAdmin) !== 0) return true;
      if (principal.customerId !== customerId) return false;
      return requiredBits === PERMISSION.all || (principal.permission & requiredBits) !== 0;
    }
    case 'accesskey':
      return principal.customerId === customerId && (PERMISSION.customerAdmin & requiredBits) !== 0;
  }
}

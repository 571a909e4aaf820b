/** CommonAddress of the reference API. */
export type AddressType = '' | 'agent' | 'conference' | 'email' | 'extension' | 'line' | 'sip' | 'tel' | 'web_session';

/** Where a call comes from or goes to, as users name it. `target` is the number, extension or URI. */
export interface Address {
  readonly type: AddressType;
  readonly target: string;
  readonly targetName: string;
  readonly name: string;
  readonly detail: string;
}

export function address(type: AddressType, target: string, targetName = ''): Address {
  return { type, target, targetName, name: '', detail: '' };
}

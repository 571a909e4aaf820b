import { type Address, type AddressType, address } from '../core/calls/address.ts';
import type { Action, Json } from '../core/flows/action.ts';
import { NIL_UUID } from '../core/kernel/ids.ts';

/**
 * Options read at the moment of execution: checked when the flow was compiled, but texts with `${…}` became what they
 * are only now. What is missing or cannot be read is the value that stands for nothing.
 */
export type Option = Action['option'];

export function textOf(option: Option, name: string): string {
  const value = option[name];
  return typeof value === 'string' ? value : '';
}

export function integerOf(option: Option, name: string, otherwise: number): number {
  const value = numberFrom(option[name]);
  return Number.isNaN(value) ? otherwise : Math.trunc(value);
}

/** NaN for what is no number. */
export function numberFrom(value: Json | undefined): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

export function flagOf(option: Option, name: string): boolean {
  return option[name] === true;
}

export function textsOf(option: Option, name: string): readonly string[] {
  const value = option[name];
  return Array.isArray(value) ? value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))) : [];
}

export function integersOf(option: Option, name: string): readonly number[] {
  const value = option[name];
  return Array.isArray(value) ? value.map((item: Json) => numberFrom(item)) : [];
}

/** The id in lower case; null when there is none or it is nil. */
export function idOf<Id extends string>(option: Option, name: string): Id | null {
  const text = textOf(option, name).toLowerCase();
  return text === '' || text === NIL_UUID ? null : (text as Id);
}

export function addressOf(value: Json | undefined): Address | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const fields = value as Option;
  return {
    ...address(textOf(fields, 'type') as AddressType, textOf(fields, 'target'), textOf(fields, 'target_name')),
    name: textOf(fields, 'name'),
    detail: textOf(fields, 'detail'),
  };
}

export function addressesOf(option: Option, name: string): readonly Address[] {
  const value = option[name];
  return Array.isArray(value) ? value.flatMap((item: Json) => addressOf(item) ?? []) : [];
}

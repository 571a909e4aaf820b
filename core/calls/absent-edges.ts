import type { Archive, Flows, HttpClient } from '../ports.ts';

/** Edges that a switch can do without: a number that nobody runs a flow for is never answered. */
export const NO_FLOWS: Flows = { start: () => {}, tell: () => {}, execute: () => {} };
/** Nothing is ever downloaded. */
export const NO_HTTP: HttpClient = { request: () => {} };
/** Only what is in memory is found. */
export const NO_ARCHIVE: Archive = { findRecording: () => {} };

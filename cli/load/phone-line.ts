/** What every message of the generator says about where it comes from and where it goes. */
export interface PhoneLine {
  /** `127.0.0.1:5060` of the switch. */
  readonly server: string;
  /** Where all phones live: their address, and the port of their signalling. */
  readonly address: string;
  readonly port: number;
  /** Tells the messages of this run from those of another. */
  readonly run: string;
}

export function viaLine(line: PhoneLine, branch: string): string {
  return `Via: SIP/2.0/UDP ${line.address}:${line.port};branch=${branch};rport\r\nMax-Forwards: 70\r\n`;
}

export function contactLine(line: PhoneLine, user: string): string {
  return `Contact: <sip:${user}@${line.address}:${line.port}>\r\n`;
}

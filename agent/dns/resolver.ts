import { type Answer, encode, type Packet, type Question } from 'dns-packet';
import { found, type ResponseCode, type ZoneAnswer } from './answer.ts';
import { answerCluster, type Zone } from './cluster-zone.ts';
import { answerReverse, type Range } from './reverse-zone.ts';
import type { Upstream } from './upstream.ts';
import { encodeMessage, parse } from './wire.ts';

export interface Resolver {
  /** The answer's bytes; undefined when the message deserves none. */
  resolve(message: Buffer, overTcp: boolean): Promise<Buffer | undefined>;
}

/** RFC 1035 §4.1.1 */
const RCODES: Record<ResponseCode, number> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 };
const AUTHORITATIVE = 1 << 10;
const RECURSION_DESIRED = 1 << 8;
const RECURSION_AVAILABLE = 1 << 7;
const HEADER_BYTES = 12;
const MAX_UDP_BYTES = 512;
/** Ours in EDNS: what passes every path unfragmented (DNS Flag Day 2020). */
const EDNS_UDP_BYTES = 1_232;
const MAX_TCP_BYTES = 65_535;

/** Cluster names are answered from the records, all others from upstream. */
export function createResolver(zone: Zone, ranges: readonly Range[], upstream: Upstream): Resolver {
  return {
    async resolve(message, overTcp) {
      if (message.length < HEADER_BYTES || isResponse(message)) return undefined;
      const query = parse(message);
      const question = query?.questions?.[0];
      if (!query || !question || query.questions?.length !== 1) return failure(message, 'FORMERR');
      if (query.opcode !== 'QUERY') return failure(message, 'NOTIMP');
      const name = question.name.toLowerCase().replace(/\.$/, '');
      const answer = answerLocally(zone, ranges, name, question.type);
      if (!answer) return (await upstream.ask(message, overTcp)) ?? failure(message, 'SERVFAIL');
      const whole = await followExternal(answer, zone, question, upstream);
      return reply(query, question, whole, overTcp);
    },
  };
}

function answerLocally(zone: Zone, ranges: readonly Range[], name: string, type: string): ZoneAnswer | undefined {
  if (name === zone.domain || name.endsWith(`.${zone.domain}`)) return answerCluster(zone, name, type);
  return answerReverse(zone, ranges, name, type);
}

/** An ExternalName's target is looked up too, so that one question is enough (RFC 1034 §3.6.2). */
async function followExternal(
  answer: ZoneAnswer,
  zone: Zone,
  { type }: Question,
  upstream: Upstream,
): Promise<ZoneAnswer> {
  const [alias] = answer.answers;
  if (alias?.type !== 'CNAME' || type === 'CNAME') return answer;
  const target = alias.data.toLowerCase();
  const local = answerLocally(zone, [], target, type);
  if (local) return { ...local, answers: [alias, ...local.answers], rcode: 'NOERROR' };
  const question: Packet = { type: 'query', id: 0, flags: RECURSION_DESIRED, questions: [{ type, name: target }] };
  const bytes = await upstream.ask(encode(question), false);
  return found([alias, ...((bytes && parse(bytes)?.answers) ?? [])]);
}

function reply(query: Packet, question: Question, answer: ZoneAnswer, overTcp: boolean): Buffer {
  const client = query.additionals?.find((record) => record.type === 'OPT');
  const clientBytes = client && 'udpPayloadSize' in client ? Number(client.udpPayloadSize) : MAX_UDP_BYTES;
  const maxUdpBytes = Math.min(Math.max(clientBytes, MAX_UDP_BYTES), EDNS_UDP_BYTES);
  const recursion = (query.flags ?? 0) & RECURSION_DESIRED;
  const packet: Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: AUTHORITATIVE | RECURSION_AVAILABLE | recursion | RCODES[answer.rcode],
    questions: [question],
    // The answer spells the name as the question did, which resolvers use against forgery (draft-vixie-dnsext-dns0x20).
    answers: answer.answers.map((record) => spelt(record, question.name)),
    authorities: answer.authorities,
    additionals: client ? [...answer.additionals, edns()] : answer.additionals,
  };
  return encodeMessage(packet, overTcp ? MAX_TCP_BYTES : maxUdpBytes);
}

function spelt(record: Answer, name: string): Answer {
  return record.name === name.toLowerCase() ? { ...record, name } : record;
}

/** RFC 6891 §6.1.2 */
function edns(): Answer {
  return { type: 'OPT', name: '.', udpPayloadSize: EDNS_UDP_BYTES, flags: 0, options: [] } as unknown as Answer;
}

function isResponse(message: Buffer): boolean {
  return ((message[2] ?? 0) & 0x80) !== 0;
}

/** The header alone, with the question's id: whatever followed it could not be read or served. */
function failure(message: Buffer, rcode: ResponseCode): Buffer {
  const question = rcode === 'FORMERR' ? undefined : parse(message)?.questions?.[0];
  return encode({
    type: 'response',
    id: message.readUInt16BE(0),
    flags: RECURSION_AVAILABLE | (message.readUInt16BE(2) & RECURSION_DESIRED) | RCODES[rcode],
    questions: question ? [question] : [],
  });
}

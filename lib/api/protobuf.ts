export {
  decodeEnvelope as decodeProtobuf,
  encodeEnvelope as encodeProtobuf,
  hasProtobuf,
} from './protobuf/envelope.ts';
export { encodeListItem, joinEncodedList } from './protobuf/list.ts';

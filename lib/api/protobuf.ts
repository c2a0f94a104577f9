export {
  decodeEnvelope as decodeProtobuf,
  encodeEnvelope as encodeProtobuf,
  hasProtobuf,
} from './protobuf/envelope.ts';

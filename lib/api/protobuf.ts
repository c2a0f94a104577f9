export {
  decodeEnvelope as decodeProtobuf,
  encodeEnvelope as encodeProtobuf,
  encodeWatchFrame,
  hasProtobuf,
} from './protobuf/envelope.ts';

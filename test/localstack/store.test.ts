/** The storage contract, on LocalStack's DynamoDB. */
import './store-endpoint.ts';
import '../contract/storage/changes.test.ts';
import '../contract/storage/commit.test.ts';
import '../contract/storage/distributed.test.ts';
import '../contract/storage/durability.test.ts';
import '../contract/storage/dynamodb-faults.test.ts';
import '../contract/storage/dynamodb-requests.test.ts';
import '../contract/storage/list.test.ts';
import '../contract/storage/watch.test.ts';

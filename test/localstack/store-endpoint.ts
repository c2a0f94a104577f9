import { deployed } from './deployed.ts';

/** The storage contract's backends are read from here on: see test/contract/storage/backends.ts. */
process.env['LOCALSTACK_ENDPOINT'] = `http://127.0.0.1:${deployed().port}`;

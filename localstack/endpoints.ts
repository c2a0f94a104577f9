/** LocalStack's own endpoints, which no npm package describes. */

/** GET `/_localstack/health` */
export interface Health {
  services: Record<string, 'available' | 'running' | 'starting' | 'error' | 'disabled' | 'stopping'>;
  edition: 'community' | 'pro';
  version: string;
}

/** GET `/_localstack/info` */
export interface Info {
  version: string;
  edition: string;
  is_license_activated: boolean;
  session_id: string;
  machine_id: string;
  system: string;
  is_docker: boolean;
  server_time_utc: string;
  /** In seconds. */
  uptime: number;
}

/** GET `/_aws/sqs/messages?QueueUrl=…`: what lies in a queue, without receiving it. */
export interface QueueMessages {
  ReceiveMessageResponse: { ReceiveMessageResult: { Message?: QueueMessage | QueueMessage[] } | null };
}

export interface QueueMessage {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
}

/** What answers at these endpoints. */
export interface LocalStackEndpoints {
  health(): Promise<Health>;
  info(): Promise<Info>;
  messages(queueUrl: string): Promise<QueueMessage[]>;
}

export function localStackEndpoints(endpoint: string): LocalStackEndpoints {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${endpoint}${path}`, { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`LocalStack answers ${path} with ${response.status}`);
    return (await response.json()) as T;
  };
  return {
    health: () => get<Health>('/_localstack/health'),
    info: () => get<Info>('/_localstack/info'),
    async messages(queueUrl) {
      const found = await get<QueueMessages>(`/_aws/sqs/messages?QueueUrl=${encodeURIComponent(queueUrl)}`);
      return [found.ReceiveMessageResponse.ReceiveMessageResult?.Message ?? []].flat();
    },
  };
}

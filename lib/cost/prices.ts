/** What a service charges, with where that is said. On-demand list prices of us-east-1 in US dollars, without free tiers, November 2026. */
export interface Price {
  readonly dollars: number;
  readonly per: string;
  /** The page that says so. */
  readonly source: string;
}

const MILLION = 1_000_000;

/** AWS quotes a month as 730 hours. */
export const HOURS_PER_MONTH = 730;
export const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600;

export const PRICES = {
  apiRequest: price(3.5 / MILLION, 'REST API request', 'Amazon API Gateway pricing, REST APIs, first 333 million'),
  lambdaRequest: price(0.2 / MILLION, 'invocation', 'AWS Lambda pricing'),
  lambdaGBSecond: price(0.000_013_333_4, 'GB-second on arm64', 'AWS Lambda pricing, Arm, first 7.5 billion GB-seconds'),
  writeUnit: price(0.625 / MILLION, 'write request unit', 'Amazon DynamoDB pricing, on-demand capacity'),
  readUnit: price(0.125 / MILLION, 'read request unit', 'Amazon DynamoDB pricing, on-demand capacity'),
  tableGB: price(0.25, 'GB-month of tables', 'Amazon DynamoDB pricing, data storage'),
  recoveryGB: price(0.2, 'GB-month of point-in-time recovery', 'Amazon DynamoDB pricing, backup'),
  queueRequest: price(0.4 / MILLION, 'standard queue request', 'Amazon SQS pricing, first 100 billion'),
  publicAddressHour: price(0.005, 'hour of a public IPv4 address', 'Amazon VPC pricing, public IPv4 address'),
  logGB: price(0.5, 'GB of logs taken in', 'Amazon CloudWatch pricing, logs'),
  transferGB: price(0.09, 'GB sent to the internet', 'Amazon EC2 on-demand pricing, data transfer, first 10 TB'),
  eksHour: price(0.1, 'hour of an EKS cluster', 'Amazon EKS pricing, standard support'),
} as const;

function price(dollars: number, per: string, source: string): Price {
  return { dollars, per, source };
}

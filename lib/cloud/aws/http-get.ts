const TIMEOUT_MS = 5_000;

/** One GET, no redirect followed: a signed request goes where it says, and nowhere else. */
export async function httpGet(url: URL, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { headers, redirect: 'manual', signal });
  return { status: response.status, body: await response.text() };
}

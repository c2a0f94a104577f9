export interface Subject {
  commonName: string;
  organizations: string[];
}

/** The subject of a PEM encoded PKCS#10 request, as spec.request carries it in base64; throws when it is none. */
export async function requestedSubject(request: string | undefined): Promise<Subject> {
  // Loaded when first needed: most apiservers never see a request.
  await import('reflect-metadata');
  const { Pkcs10CertificateRequest } = await import('@peculiar/x509');
  const { subjectName } = new Pkcs10CertificateRequest(Buffer.from(request ?? '', 'base64').toString());
  return { commonName: subjectName.getField('CN')[0] ?? '', organizations: subjectName.getField('O') };
}

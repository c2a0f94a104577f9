import { createAttributesClassProtectionController } from '../../functions/controllers/storage/attributes-class-protection.ts';
import { persistentVolumes, volumeAttributesClasses } from '../../lib/client/resource-type.ts';
import { simulate } from './control-plane.ts';

test('a volume attributes class that is deleted goes when the last volume that names it has gone', async () => {
  const simulation = await simulate({
    controllers: (dependencies) => [createAttributesClassProtectionController(dependencies)],
  });
  const { client } = simulation;
  await client.create(volumeAttributesClasses, {
    metadata: { name: 'fast' },
    driverName: 'csi.example.org',
    parameters: { iops: '1' },
  });
  await client.create(persistentVolumes, {
    metadata: { name: 'v' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      csi: { driver: 'csi.example.org', volumeHandle: 'h' },
      volumeAttributesClassName: 'fast',
    },
  });
  const classes = async () => (await client.list(volumeAttributesClasses)).items.map(({ metadata }) => metadata.name);
  await simulation.pass(1000);
  await client.delete(volumeAttributesClasses, { name: 'fast' });
  await simulation.pass(1000);
  expect(await classes()).toEqual(['fast']);
  await client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body: { metadata: { finalizers: null } } });
  await client.delete(persistentVolumes, { name: 'v' });
  await simulation.pass(1000);
  expect(await classes()).toEqual([]);
  await simulation.stop();
});

// fhir-kit-client 2.0.3: node kit.mjs BASE SCENARIO prints what the client saw, as JSON.
import { Client } from 'fhir-kit-client';

const [, , baseUrl, scenario] = process.argv;
const client = new Client({ baseUrl });
const patient = (more = {}) => ({ resourceType: 'Patient', name: [{ family: 'Kit' }], gender: 'female', ...more });
const status = (resource) => Client.httpFor(resource).response.status;
const bundle = (type, entry) => ({ resourceType: 'Bundle', type, entry });
const refused = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return { status: error.response?.status, data: error.response?.data, text: error.message };
  }
  throw new Error('it was not refused');
};
const ids = (found) => (found.entry ?? []).map((entry) => `${entry.resource.resourceType}/${entry.resource.id}`);

const scenarios = {
  async smart() {
    return client.smartAuthMetadata();
  },
  async capability() {
    const { resourceType, fhirVersion } = await client.capabilityStatement();
    return { resourceType, fhirVersion };
  },
  async versions() {
    const created = await client.create({ resourceType: 'Patient', body: patient() });
    const { id } = created;
    const updated = await client.update({ resourceType: 'Patient', id, body: patient({ id, gender: 'male' }) });
    const first = await client.vread({ resourceType: 'Patient', id, version: '1' });
    const history = await client.resourceHistory({ resourceType: 'Patient', id });
    const missing = await refused(client.vread({ resourceType: 'Patient', id, version: '7' }));
    return { created: status(created), updated: status(updated), first, total: history.total, missing };
  },
  async patch() {
    const { id } = await client.create({ resourceType: 'Patient', body: patient() });
    const jsonPatch = [{ op: 'replace', path: '/gender', value: 'other' }, { op: 'add', path: '/active', value: true }];
    const patched = await client.patch({ resourceType: 'Patient', id, jsonPatch });
    const failed = await refused(
      client.patch({ resourceType: 'Patient', id, jsonPatch: [{ op: 'test', path: '/gender', value: 'male' }] }),
    );
    return { patched, status: status(patched), failed };
  },
  async postSearch() {
    const found = await client.resourceSearch({
      resourceType: 'Patient', searchParams: { family: 'Clinic', _count: 3 }, options: { postSearch: true },
    });
    const next = await client.nextPage({ bundle: found });
    return { total: found.total, first: ids(found), next: ids(next) };
  },
  async systemSearch() {
    const found = await client.systemSearch({ searchParams: { _type: 'Patient,Condition', _count: 1 } });
    return { type: found.type, total: found.total, ids: ids(found), links: found.link.map((link) => link.relation) };
  },
  async histories() {
    const { id } = await client.create({ resourceType: 'Patient', body: patient() });
    const subject = { reference: `Patient/${id}` };
    const condition = await client.create({ resourceType: 'Condition', body: { resourceType: 'Condition', subject } });
    const types = await client.typeHistory({ resourceType: 'Patient' });
    const system = await client.systemHistory();
    return { id, condition: condition.id, type: types.type, types: ids(types), system: ids(system) };
  },
  async compartment() {
    const found = await client.compartmentSearch({
      resourceType: 'Condition', compartment: { resourceType: 'Patient', id: 'clinic-3' },
    });
    return { total: found.total, ids: ids(found) };
  },
  async bundles() {
    const post = { resource: patient(), request: { method: 'POST', url: 'Patient' } };
    const wrong = { request: { method: 'GET', url: 'Patient/nobody' } };
    const batch = await client.batch({ body: bundle('batch', [post, wrong]) });
    const transaction = await client.transaction({ body: bundle('transaction', [post, post]) });
    const failed = await refused(client.transaction({ body: bundle('transaction', [post, wrong]) }));
    const codes = (answer) => answer.entry.map((entry) => entry.response.status.slice(0, 3));
    return { batch: codes(batch), transaction: codes(transaction), failed };
  },
  async operations() {
    const everything = await client.operation({ name: 'everything', resourceType: 'Patient', id: 'clinic-2', method: 'GET' });
    const outcome = await client.operation({ name: 'validate', resourceType: 'Patient', input: patient() });
    return { everything: ids(everything), outcome: outcome.resourceType };
  },
  async deletes() {
    const { id } = await client.create({ resourceType: 'Patient', body: patient() });
    const deleted = await client.delete({ resourceType: 'Patient', id });
    const gone = await refused(client.read({ resourceType: 'Patient', id }));
    return { deleted: status(deleted), gone };
  },
};

process.stdout.write(JSON.stringify(await scenarios[scenario]()));
process.exit(0); // its agents keep connections open

// SMART fhirclient 2.6.3: node smart.mjs BASE SCENARIO prints what the client saw, as JSON.
import smart from 'fhirclient';

const [, , baseUrl, scenario] = process.argv;
const storage = { get: async () => undefined, set: async () => undefined, unset: async () => true };
const client = smart({ url: '/', headers: { host: 'localhost' } }, {}, storage).client(baseUrl);
const json = { accept: 'application/json' };
const sendJson = (method, url, body, type = 'application/json') =>
  client.request({ url, method, body: JSON.stringify(body), headers: { 'content-type': type } });

const scenarios = {
  async accept() {
    const read = await client.request({ url: 'Patient/clinic-1', headers: json, includeResponse: true });
    return { id: read.body.id, type: read.response.headers.get('content-type'), plain: (await client.request('Patient/clinic-1')).id };
  },
  async patch() {
    const created = await client.create({ resourceType: 'Patient', gender: 'male' });
    const patched = await client.patch(`Patient/${created.id}`, [{ op: 'replace', path: '/gender', value: 'female' }]);
    const updated = await client.update({ ...patched, active: true });
    const found = await client.request(`Patient/${created.id}`);
    await client.delete(`Patient/${created.id}`);
    const gone = await client.request(`Patient/${created.id}`).catch((error) => ({ status: error.status, text: error.message }));
    return { found, version: updated.meta.versionId, gone };
  },
  async pages() {
    const all = await client.request('Patient?family=Clinic&_count=2', { pageLimit: 0, flat: true });
    const some = await client.request('Patient?family=Clinic&_count=2', { pageLimit: 2, flat: true });
    return { all: all.map((one) => one.id), some: some.map((one) => one.id) };
  },
  async references() {
    const { data, references } = await client.request('Condition?patient=clinic-2&_count=2', {
      pageLimit: 0, flat: true, graph: false, resolveReferences: ['subject'],
    });
    const graph = await client.request('Condition/clinic-2-0', { resolveReferences: ['subject'] });
    return { conditions: data.length, references: Object.keys(references), family: graph.subject.name[0].family };
  },
};

process.stdout.write(JSON.stringify(await scenarios[scenario]()));

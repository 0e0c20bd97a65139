// Resend's own client for node, its base address changed and nothing else. Run by test_node.py with URL and KEY.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Resend } from 'resend';

const { URL: baseUrl, KEY: key } = process.env;
const resend = new Resend(key, { baseUrl });
const mail = {
  from: 'Acme <onboarding@acme.example>',
  to: ['delivered@resend.dev'],
  subject: 'hello world',
  html: '<p>it works!</p>',
};

const ok = ({ data, error, headers }) => {
  assert.equal(error, null, JSON.stringify(error));
  assert.equal(headers['ratelimit-limit'], '1000');
  return data;
};
const refused = ({ data, error }, statusCode, name, message) => {
  assert.equal(data, null);
  assert.deepEqual([error.statusCode, error.name], [statusCode, name]);
  assert.ok(error.message.includes(message), error.message);
};
const settled = async (id) => {
  for (let round = 0; round < 400; round += 1) {
    const email = ok(await resend.emails.get(id));
    if (!['queued', 'scheduled'].includes(email.last_event)) return email;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${id} did not settle`);
};

const cases = {
  'send and get': async () => {
    const sent = ok(await resend.emails.send({
      ...mail,
      cc: 'c@acme.example',
      bcc: ['d@acme.example'],
      replyTo: 'r@acme.example',
      headers: { 'X-Entity-Ref-ID': '1' },
      tags: [{ name: 'category', value: 'confirm_email' }],
      attachments: [
        { filename: 'a.txt', content: Buffer.from('hello') },
        { filename: 'b.png', content: Buffer.from('png').toString('base64'), contentId: 'logo' },
      ],
    }));
    const email = await settled(sent.id);
    assert.deepEqual(
      [email.object, email.id, email.last_event, email.from, email.to, email.cc, email.bcc, email.reply_to],
      ['email', sent.id, 'delivered', mail.from, mail.to, ['c@acme.example'], ['d@acme.example'], ['r@acme.example']],
    );
    assert.deepEqual(email.tags, [{ name: 'category', value: 'confirm_email' }]);
    assert.match(email.created_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/);
  },
  'create is send': async () => {
    ok(await resend.emails.create({ ...mail, text: '' }));
  },
  'a fate of its own for each testing address': async () => {
    for (const fate of ['bounced', 'complained', 'suppressed']) {
      const sent = ok(await resend.emails.send({ ...mail, to: `${fate}@resend.dev` }));
      assert.equal((await settled(sent.id)).last_event, fate);
    }
  },
  'idempotency key': async () => {
    const options = { idempotencyKey: randomUUID() };
    const first = ok(await resend.emails.send(mail, options));
    assert.equal(ok(await resend.emails.send(mail, options)).id, first.id);
    refused(
      await resend.emails.send({ ...mail, subject: 'other' }, options),
      409, 'invalid_idempotent_request', 'was modified',
    );
    const batch = { idempotencyKey: randomUUID() };
    const list = ok(await resend.batch.send([mail, mail], batch));
    assert.deepEqual(ok(await resend.batch.send([mail, mail], batch)), list);
  },
  'batch, strict and permissive': async () => {
    assert.equal(ok(await resend.batch.send([mail, { ...mail, subject: 'two' }])).data.length, 2);
    refused(await resend.batch.send([mail, { ...mail, to: 'x' }]), 422, 'validation_error', 'Invalid `to` field.');
    const report = ok(await resend.batch.send([{ ...mail, to: 'x' }, mail], { batchValidation: 'permissive' }));
    assert.equal(report.data.length, 1);
    assert.equal(report.errors.length, 1);
    assert.equal(report.errors[0].index, 0);
  },
  'scheduled, moved, called off': async () => {
    const sent = ok(await resend.emails.send({ ...mail, scheduledAt: new Date(Date.now() + 3600e3).toISOString() }));
    assert.equal(ok(await resend.emails.get(sent.id)).last_event, 'scheduled');
    const same = { object: 'email', id: sent.id };
    assert.deepEqual(ok(await resend.emails.update({ id: sent.id, scheduledAt: 'in 2 hours' })), same);
    assert.deepEqual(ok(await resend.emails.cancel(sent.id)), same);
    assert.equal(ok(await resend.emails.get(sent.id)).last_event, 'canceled');
    refused(await resend.emails.cancel(sent.id), 422, 'validation_error', 'not scheduled');
  },
  'pages in both directions': async () => {
    const ids = [];
    for (const subject of ['a', 'b', 'c']) ids.push(ok(await resend.emails.send({ ...mail, subject })).id);
    const page = async (query) => {
      const list = ok(await resend.emails.list(query));
      assert.equal(list.object, 'list');
      return list.data.map((email) => email.id);
    };
    assert.deepEqual(await page({ limit: 2 }), [ids[2], ids[1]]);
    assert.deepEqual(await page({ limit: 1, after: ids[1] }), [ids[0]]);
    assert.deepEqual(await page({ limit: 1, before: ids[0] }), [ids[1]]);
    assert.ok((await page()).length <= 20);
  },
  'errors by name': async () => {
    refused(await resend.emails.send({ ...mail, to: [] }), 422, 'missing_required_field', 'Missing `to` field.');
    refused(await resend.emails.send({ ...mail, html: '' }), 422, 'validation_error', 'Missing `html` or `text`');
    refused(await resend.emails.get(randomUUID()), 404, 'not_found', 'Email not found');
    refused(await resend.emails.get('123'), 422, 'validation_error', 'valid UUID');
    refused(
      await resend.emails.send({ ...mail, html: undefined, template: { id: 'none' } }),
      404, 'not_found', 'Template not found',
    );
    refused(await new Resend('re_123456789', { baseUrl }).emails.send(mail), 401, 'validation_error', 'API key is invalid');
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run();
  console.log(name);
}

// Resend's own client for node and webhooks: kept by the server, told to a socket, verified by the client and by the
// Standard Webhooks library. Run by test_node.py with URL and KEY.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Resend } from 'resend';
import { Webhook } from 'standardwebhooks';

const { URL: baseUrl, KEY: key } = process.env;
const resend = new Resend(key, { baseUrl });
const mail = { from: 'Acme <onboarding@acme.example>', subject: 'hello world', text: 'it works!' };

const ok = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};
const refused = ({ data, error }, statusCode, name, message) => {
  assert.equal(data, null);
  assert.deepEqual([error.statusCode, error.name], [statusCode, name]);
  assert.ok(error.message.includes(message), error.message);
};
const until = async (ask) => {
  for (let round = 0; round < 400; round += 1) {
    const found = await ask();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not happen');
};

// what was told, and what is answered
const told = [];
let status = 200;
const server = createServer(async (request, response) => {
  let payload = '';
  for await (const chunk of request) payload += chunk;
  told.push({ headers: request.headers, payload });
  response.writeHead(status).end('thanks');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${server.address().port}/hook`;
const signed = ({ headers }) => ({
  id: headers['svix-id'], timestamp: headers['svix-timestamp'], signature: headers['svix-signature'],
});
const verified = (call, webhookSecret) => {
  const event = resend.webhooks.verify({ payload: call.payload, headers: signed(call), webhookSecret });
  const { id, timestamp, signature } = signed(call);
  new Webhook(webhookSecret).verify(call.payload, {
    'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature,
  });
  return event;
};
const about = (id, type) => told.find(({ payload }) => {
  const event = JSON.parse(payload);
  return event.type === type && event.data.email_id === id;
});

const cases = {
  'made, listed, read, changed, removed': async () => {
    const made = ok(await resend.webhooks.create({ endpoint: 'https://example.com/hook', events: ['email.sent'] }));
    assert.equal(made.object, 'webhook');
    assert.match(made.signing_secret, /^whsec_[A-Za-z0-9+/]{32}$/);
    const listed = ok(await resend.webhooks.list());
    assert.equal(listed.object, 'list');
    const row = listed.data.find(({ id }) => id === made.id);
    assert.deepEqual(row.events, ['email.sent']);
    assert.ok(!('signing_secret' in row));
    const held = ok(await resend.webhooks.get(made.id));
    assert.deepEqual([held.status, held.endpoint, held.signing_secret],
      ['enabled', 'https://example.com/hook', made.signing_secret]);
    const change = { events: ['email.bounced', 'contact.created'], status: 'disabled' };
    assert.deepEqual(ok(await resend.webhooks.update(made.id, change)), { object: 'webhook', id: made.id });
    const changed = ok(await resend.webhooks.get(made.id));
    assert.deepEqual([changed.events, changed.status], [change.events, 'disabled']);
    const rotated = ok(await resend.webhooks.rotateSigningSecret(made.id));
    assert.notEqual(rotated.signing_secret, made.signing_secret);
    assert.deepEqual(ok(await resend.webhooks.remove(made.id)), { object: 'webhook', id: made.id, deleted: true });
    refused(await resend.webhooks.get(made.id), 404, 'not_found', 'Webhook not found');
  },
  'refused': async () => {
    refused(
      await resend.webhooks.create({ endpoint: 'https://example.com/hook', events: ['email.lost'] }),
      422, 'validation_error', 'email.lost',
    );
    refused(await resend.webhooks.create({ events: ['email.sent'] }), 422, 'missing_required_field', '`endpoint`');
  },
  'told, verified, told again': async () => {
    const events = ['email.sent', 'email.delivered', 'email.bounced', 'email.complained'];
    const { id: webhookId, signing_secret: secret } = ok(await resend.webhooks.create({ endpoint, events }));
    for (const [fate, type] of [['delivered', 'email.delivered'], ['bounced', 'email.bounced'], ['complained', 'email.complained']]) {
      const to = `${fate}@resend.dev`;
      const { id } = ok(await resend.emails.send({ ...mail, to, tags: [{ name: 'category', value: 'confirm' }] }));
      const event = verified(await until(() => about(id, type)), secret);
      assert.deepEqual([event.data.to, event.data.from, event.data.tags], [[to], mail.from, { category: 'confirm' }]);
      assert.equal(event.data.message_id, ok(await resend.emails.get(id)).message_id);
      if (fate === 'bounced') assert.equal(event.data.bounce.type, 'Permanent');
      verified(await until(() => about(id, 'email.sent')), secret);
    }
    const call = told.at(-1);
    assert.throws(() => verified({ ...call, payload: `${call.payload} ` }, secret));
    const eventId = call.headers['svix-id'];

    const page = ok(await resend.webhooks.events.list({ webhookId, limit: 2 }));
    assert.deepEqual([page.object, page.has_more, page.data.length], ['list', true, 2]);
    const next = ok(await resend.webhooks.events.list({ webhookId, limit: 100, after: page.data[1].id }));
    assert.ok(!next.data.some(({ id }) => page.data.some((row) => row.id === id)));

    const event = await until(async () => {
      const found = ok(await resend.webhooks.events.get({ webhookId, eventId }));
      return found.status === 'success' && found;
    });
    assert.deepEqual([event.object, event.id, event.next_attempt_at], ['webhook_event', eventId, null]);
    assert.deepEqual(event.payload, JSON.parse(call.payload));
    const [attempt] = ok(await resend.webhooks.events.attempts.list({ webhookId, eventId })).data;
    assert.deepEqual([attempt.http_status_code, attempt.response], [200, 'thanks']);
    assert.match(attempt.id, /^atmpt_[A-Za-z0-9]{27}$/);

    const replay = ok(await resend.webhooks.events.replay({ webhookId, eventId }));
    assert.deepEqual(replay, { object: 'webhook_event', id: eventId });
    const again = () => told.filter(({ headers }) => headers['svix-id'] === eventId);
    await until(() => again().length === 2);
    assert.deepEqual(new Set(again().map(({ payload }) => payload)).size, 1);
    verified(again()[1], secret);

    const rotated = ok(await resend.webhooks.rotateSigningSecret(webhookId));
    const { id } = ok(await resend.emails.send({ ...mail, to: 'delivered@resend.dev' }));
    const both = await until(() => about(id, 'email.delivered'));
    verified(both, secret);
    verified(both, rotated.signing_secret);
    ok(await resend.webhooks.remove(webhookId));
  },
  'an endpoint that fails is asked again': async () => {
    status = 500;
    const { id: webhookId } = ok(await resend.webhooks.create({ endpoint, events: ['email.delivered'] }));
    const { id } = ok(await resend.emails.send({ ...mail, to: 'delivered@resend.dev' }));
    const eventId = (await until(() => about(id, 'email.delivered'))).headers['svix-id'];
    const event = await until(async () => {
      const found = ok(await resend.webhooks.events.get({ webhookId, eventId }));
      return found.status === 'attempting' && found;
    });
    const wait = new Date(event.next_attempt_at) - Date.now();
    assert.ok(wait > 0 && wait <= 6000, `${wait}`);
    status = 204;
    await until(async () => ok(await resend.webhooks.events.get({ webhookId, eventId })).status === 'success');
    const codes = ok(await resend.webhooks.events.attempts.list({ webhookId, eventId })).data;
    assert.deepEqual(codes.map((each) => each.http_status_code), [204, 500]);
    status = 200;
    ok(await resend.webhooks.remove(webhookId));
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run();
  console.log(name);
}
server.close();
server.closeAllConnections();

// PostageApp's own client for node, its host, port and scheme configured and nothing else. Run by test_node.py.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import PostageApp from 'postageapp';

const { PORT, PROJECT, ACCOUNT } = process.env;
const client = (apiKey) => new PostageApp({ host: '127.0.0.1', port: Number(PORT), secure: false, apiKey });
const project = client(PROJECT);
const served = [
  'get_account_info', 'get_message_receipt', 'get_message_transmissions', 'get_messages', 'get_method_list',
  'get_project_info', 'message_delivery_status', 'message_status', 'send_message',
];

const refused = async (promise, status, message) => {
  const response = await promise.then(() => assert.fail('not refused'), (reason) => reason);
  assert.deepEqual([response.status, response.message], [status, message]);
  return response;
};
const settled = async (uid) => {
  for (let round = 0; round < 400; round += 1) {
    const { transmissions } = await project.messageTransmissions({}, uid);
    if (Object.values(transmissions).every((each) => each.status !== 'queued')) return transmissions;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${uid} did not settle`);
};

const cases = {
  // the four of the client's own test suite, whose project is called otherwise
  'a test call': async () => {
    const { project: told } = await project.test();
    assert.equal(told.name, 'dev');
    assert.ok(told.url.endsWith('/projects/1'));
    assert.deepEqual(Object.keys(told.transmissions), ['today', 'this_month', 'overall']);
    assert.deepEqual(told.users, {});
  },
  'a test email': async () => {
    const { message } = await project.sendMessage({
      recipients: 'test@null.postageapp.example',
      template: 'sample_child_template',
    });
    assert.equal(typeof message.id, 'number');
    assert.ok(message.url.endsWith(`/messages/${message.id}`));
  },
  'an error': async () => {
    await refused(project.testError(), 'call_error', 'Request could not be processed: unknown method "test_error".');
  },
  // those of its predecessor's
  'a bogus request': async () => {
    await refused(project.sendMessage({}), 'bad_request', 'No arguments were supplied.');
    await refused(project.sendMessage({ headers: {}, attachments: {} }), 'precondition_failed', 'Message has no content.');
  },
  'a bare text, with snowmen, and an override': async () => {
    assert.ok(await project.sendMessage({ content: 'hello snowman ☃☃☃', recipients: 'test@null.postageapp.example' }));
    assert.ok(await project.sendMessage({
      content: 'recipient override test',
      recipients: 'test@null.postageapp.example',
      recipient_override: 'test2@null.postageapp.example',
    }));
  },
  'a message and what became of it': async () => {
    const uid = randomUUID();
    const sent = await project.sendMessage({
      recipients: { 'Ann <ann@acme.example>': { name: 'Ann' }, 'bob@acme.example': {} },
      headers: { from: 'Team <team@acme.example>', subject: 'Hello {{name}}' },
      content: { 'text/plain': 'Hi {{name}}', 'text/html': '<p>Hi {{name}}</p>', 'text/css': 'p { color: red }' },
      attachments: { 'a.txt': { content_type: 'text/plain', content: Buffer.from('hello').toString('base64') } },
      variables: { name: 'you' },
    }, uid);
    assert.deepEqual(await project.getMessageReceipt({}, uid), sent);
    assert.deepEqual(await project.messageReceipt({ uid }, 'another'), sent);
    const transmissions = await settled(uid);
    assert.deepEqual(Object.keys(transmissions), ['ann@acme.example', 'bob@acme.example']);
    const ann = transmissions['ann@acme.example'];
    assert.deepEqual([ann.status, ann.result_code, ann.opened_at], ['completed', 'SMTP_250', null]);
    assert.match(ann.created_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.equal(ann.result_message, ann.error_message);
  },
  'the same uid twice': async () => {
    const mail = { recipients: 'a@acme.example', content: 'once' };
    await project.sendMessage(mail, 'once');
    const response = await refused(
      project.sendMessage(mail, 'once'),
      'bad_request',
      'Uid once already exists. Assuming message duplication.',
    );
    assert.equal(response.uid, 'once');
  },
  'an unknown message': async () => {
    const response = await refused(project.messageReceipt({}, 'never'), 'not_found', undefined);
    assert.equal(response.uid, 'never');
  },
  'methods, account, keys': async () => {
    assert.deepEqual((await project.methodList()).methods.split(', '), served);
    assert.equal((await client(ACCOUNT).getMethodList()).methods, 'get_account_info, get_method_list');
    assert.equal((await project.accountInfo()).account.name, 'dev');
    assert.equal((await client(ACCOUNT).accountInfo()).account.name, 'dev');
    await refused(client('wrong').accountInfo(), 'unauthorized', 'Invalid or inactive account API key used.');
    await refused(client('wrong').sendMessage({}), 'unauthorized', 'Invalid or inactive project API key used.');
    await refused(client(ACCOUNT).projectInfo(), 'unauthorized', 'Invalid or inactive project API key used.');
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run().catch((error) => {
    console.error(`FAILED: ${name}`, error);
    process.exitCode = 1;
  });
}

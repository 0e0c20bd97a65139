// What Postmark's SMTP service does with letters and logins, by nodemailer.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { accountHeaders, details, id, letter, open, postmark, read, run } from "./harness.mjs";

const { POSTMARK_KEY, POSTMARK_ACCOUNT } = process.env;
const server = { "x-postmark-server-token": POSTMARK_KEY };
const send = (more, auth = postmark) => open(auth).sendMail({ ...letter, ...more });
const twice = (token) => ({ user: token, pass: token });

async function until(what, ask) {
  for (const ends = Date.now() + 30_000; Date.now() < ends; await sleep(30)) {
    const found = await ask();
    if (found) return found;
  }
  assert.fail(`in vain: ${what}`);
}

// the raw source, once it is made
const dump = (info) => until("a source", async () => (await read(`/messages/outbound/${id(info)}/dump`, server)).Body);
const bounce = (tag) =>
  until("a bounce", async () => (await read(`/bounces?count=1&offset=0&tag=${tag}`, server)).Bounces[0]);

await run({
  async "a header names the stream, outbound where none does"() {
    assert.equal((await details(await send({}))).MessageStream, "outbound");
    const info = await send({ headers: { "X-PM-Message-Stream": "broadcast" } });
    assert.equal((await details(info)).MessageStream, "broadcast");
    assert.doesNotMatch(await dump(info), /x-pm-message-stream/i);
  },
  async "tag, metadata and tracking, and what each leaves in the mail"() {
    const link = '<a href="https://shop.example/">shop</a>';
    const headers = {
      "X-PM-Tag": "Grüße",
      "X-PM-Metadata-Color": "blue",
      "X-PM-Metadata-Client-Id": "77",
      "X-PM-TrackOpens": "true",
      "X-PM-TrackLinks": "HtmlOnly",
    };
    const info = await send({ headers, text: "https://shop.example/", html: link });
    const held = await details(info);
    // nodemailer writes ID in capitals wherever it is a word of its own
    assert.deepEqual([held.Tag, held.Metadata], ["Grüße", { Color: "blue", "Client-ID": "77" }]);
    assert.deepEqual([held.TrackOpens, held.TrackLinks], [true, "HtmlOnly"]);
    const source = await dump(info);
    assert.match(source, /^X-PM-Tag: /im);
    assert.doesNotMatch(source, /^x-pm-(metadata|track)/im);
    // the link of the text is as it was, the other leads through here, and there is an image to fetch
    assert.equal(source.match(/https:\/\/shop\.example\//g).length, 1);
    assert.match(source, /<img /);
  },
  async "links of both parts, of none"() {
    for (const [word, left] of [["HtmlAndText", 0], ["TextOnly", 1], ["None", 2]]) {
      const body = { text: "https://shop.example/", html: '<a href="https://shop.example/">shop</a>' };
      const info = await send({ ...body, headers: { "X-PM-TrackLinks": word } });
      assert.equal((await details(info)).TrackLinks, word);
      assert.equal((await dump(info)).match(/https:\/\/shop\.example\//g)?.length ?? 0, left, word);
    }
  },
  async "a client's id is kept where it asks for that"() {
    const messageId = `<${randomUUID()}@client.example>`;
    assert.match(await dump(await send({ messageId, headers: { "X-PM-KeepID": "true" } })), new RegExp(`^Message-ID: ${messageId}`, "im"));
    const info = await send({ messageId });
    const source = await dump(info);
    assert.ok(!source.includes(messageId));
    assert.match(source, new RegExp(`^Message-ID: <${id(info)}@`, "im"));
  },
  async "recipients of the envelope that the header does not name are blind copies"() {
    const envelope = { from: "joe@example.org", to: ["bob@example.net", "spy@example.net"] };
    const info = await send({ envelope });
    const held = await details(info);
    assert.deepEqual([held.To[0].Email, held.Bcc.map((each) => each.Email)], ["bob@example.net", ["spy@example.net"]]);
    assert.ok(!(await dump(info)).includes("spy@"));
  },
  async "a bounce is asked for by a header"() {
    const tag = randomUUID();
    await send({ to: "any@bounce-testing.postmarkapp.com", headers: { "X-PM-Tag": tag, "X-PM-Bounce-Type": "SoftBounce" } });
    assert.deepEqual([(await bounce(tag)).Type, (await bounce(tag)).Inactive], ["SoftBounce", false]);
  },
  async "what the API would refuse is taken and bounces"() {
    const tag = randomUUID();
    const info = await send({ headers: { "X-PM-Tag": tag, "X-PM-Message-Stream": "nowhere" } });
    assert.match(info.response, /^250 /);
    const { ID, Type, MessageID, Details } = await bounce(tag);
    assert.deepEqual([Type, MessageID], ["SMTPApiError", id(info)]);
    assert.match(Details, /'nowhere' does not exist/);
    assert.match((await read(`/bounces/${ID}/dump`, server)).Body, /ErrorCode 1235/);
  },
  async "a server's token is user and password, in whatever case, by each mechanism"() {
    for (const authMethod of ["PLAIN", "LOGIN", "CRAM-MD5"])
      assert.equal(await open(twice(POSTMARK_KEY), { authMethod }).verify(), true);
    assert.equal(await open(twice(POSTMARK_KEY.toUpperCase())).verify(), true);
  },
  async "other tokens are none"() {
    const half = { user: POSTMARK_KEY, pass: randomUUID() };
    for (const auth of [twice(POSTMARK_ACCOUNT), twice(randomUUID()), half])
      await assert.rejects(open(auth).verify(), { code: "EAUTH", responseCode: 535 });
  },
  async "a server that is not to take SMTP"() {
    const made = await read("/servers", accountHeaders, { Name: randomUUID(), SmtpApiActivated: false });
    const [token] = made.ApiTokens;
    await assert.rejects(open(twice(token)).verify(), { code: "EAUTH", responseCode: 535 });
  },
  async "the public test token takes letters and keeps none"() {
    const subject = randomUUID();
    assert.match((await send({ subject }, twice("POSTMARK_API_TEST"))).response, /^250 /);
    const found = await read(`/messages/outbound?count=1&offset=0&subject=${subject}`, server);
    assert.equal(found.TotalCount, 0);
  },
});

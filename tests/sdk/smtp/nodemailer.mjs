// Nodemailer, which most applications written for node send through, against a live server.
import assert from "node:assert/strict";
import nodemailer from "nodemailer";
import { details, email, id, letter, open, place, postmark, resend, run, tls } from "./harness.mjs";

const { SMTPS, RESEND_KEY } = process.env;

await run({
  async "verify() logs in over STARTTLS"() {
    assert.equal(await open(resend, { requireTLS: true }).verify(), true);
  },
  async "a letter over STARTTLS is an email"() {
    const info = await open(resend, { requireTLS: true }).sendMail(letter);
    assert.match(info.response, /^250 2\.0\.0 Ok: queued as [0-9a-f-]{36}$/);
    const held = await email(info);
    assert.deepEqual([held.subject, held.text.trim(), held.html], ["Grüße", "Hello", "<p>Hello</p>"]);
  },
  async "a letter over TLS from the start"() {
    const info = await nodemailer.createTransport({ ...place(SMTPS), secure: true, auth: resend, tls }).sendMail(letter);
    assert.equal((await email(info)).from, "Joe <joe@example.org>");
  },
  async "a letter in the open, where the operator allows it"() {
    assert.match((await open(resend, { ignoreTLS: true }).sendMail(letter)).response, /^250/);
  },
  async "LOGIN and CRAM-MD5 where a client insists on them"() {
    for (const authMethod of ["LOGIN", "PLAIN", "CRAM-MD5"]) {
      assert.match((await open(postmark, { authMethod }).sendMail(letter)).response, /^250/, authMethod);
    }
  },
  async "Postmark's headers do what its fields do"() {
    const headers = { "X-PM-Tag": "welcome", "X-PM-Metadata-order": "77", "X-PM-TrackOpens": "true", "X-PM-TrackLinks": "HtmlOnly" };
    const held = await details(await open(postmark).sendMail({ ...letter, headers }));
    // nodemailer begins every word of a header's name with a capital
    assert.deepEqual([held.Tag, held.Metadata, held.TrackOpens, held.TrackLinks], ["welcome", { Order: "77" }, true, "HtmlOnly"]);
  },
  async "one idempotency key, one email"() {
    const headers = { "Resend-Idempotency-Key": `k${process.pid}` };
    const [first, second] = [await open(resend).sendMail({ ...letter, headers }), await open(resend).sendMail({ ...letter, headers })];
    assert.equal(id(first), id(second));
    await assert.rejects(open(resend).sendMail({ ...letter, subject: "Other", headers }), { responseCode: 550 });
  },
  async "blind copies are in the envelope alone"() {
    const held = await email(await open(resend).sendMail({ ...letter, cc: "cy@example.net", bcc: "spy@example.net" }));
    assert.deepEqual([held.to, held.cc, held.bcc], [["bob@example.net"], ["cy@example.net"], ["spy@example.net"]]);
  },
  async "attachments, inline ones too"() {
    const attachments = [{ filename: "Größe.pdf", content: Buffer.from("%PDF") }, { filename: "logo.png", content: Buffer.from("png"), cid: "logo" }];
    const held = await details(await open(postmark).sendMail({ ...letter, html: '<img src="cid:logo">', attachments }));
    assert.deepEqual([...held.Attachments].sort(), ["Größe.pdf", "logo.png"]);
  },
  async "a pool sends many on few connections"() {
    const pool = open(resend, { pool: true, maxConnections: 2 });
    const sent = await Promise.all(Array.from({ length: 20 }, (_, n) => pool.sendMail({ ...letter, subject: `n ${n}` })));
    pool.close();
    assert.equal(new Set(sent.map(id)).size, 20);
  },
  async "wrong keys and unknown users"() {
    for (const auth of [{ user: "resend", pass: "re_no" }, { user: "nobody", pass: RESEND_KEY }, { user: "postmark", pass: "no" }]) {
      await assert.rejects(open(auth).verify(), { code: "EAUTH", responseCode: 535 });
    }
  },
  async "a certificate of somebody else is not trusted"() {
    await assert.rejects(nodemailer.createTransport({ ...place(SMTPS), secure: true, auth: resend }).verify(), { code: "ESOCKET" });
  },
  async "a letter too large for the provider"() {
    const huge = { ...letter, attachments: [{ filename: "a.bin", content: Buffer.alloc(9 * 1024 * 1024) }] };
    await assert.rejects(open(postmark).sendMail(huge), { responseCode: 552 });
  },
});

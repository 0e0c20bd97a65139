// What an account keeps: servers, domains, sender signatures, and whom it forgets.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { account, Errors, options, own, postmark, refused, until } from "./harness.mjs";

const KEY = /^k=rsa; ?p=[A-Za-z0-9+/]{300,}={0,2}$/;

export default {
  async "an account makes, lists, changes and removes servers"() {
    const Name = `node-js-${randomUUID()}`;
    const made = await account.createServer({ Name, Color: "Red", TrackOpens: true, InboundSpamThreshold: 10 });
    assert.deepEqual([made.Name, made.Color, made.TrackOpens, made.InboundSpamThreshold], [Name, "red", true, 10]);
    const other = new postmark.ServerClient(made.ApiTokens[0], options);
    assert.equal((await other.getServer()).ID, made.ID);
    assert.equal((await other.createMessageStream({ ID: "js", Name: "js", MessageStreamType: "Broadcasts" })).ServerID, made.ID);
    assert.equal((await other.getMessageStreams()).TotalCount, 4);

    assert.deepEqual((await account.getServers({ name: Name })).Servers.map((each) => each.ID), [made.ID]);
    assert.ok((await account.getServers()).TotalCount >= 2);
    assert.equal((await account.editServer(made.ID, { Color: "blue" })).Color, "blue");
    assert.deepEqual(await account.getServer(made.ID), { ...made, Color: "blue" });
    await refused(account.createServer({ Name }), 603);
    assert.equal((await account.deleteServer(made.ID)).Message, `Server ${Name} removed.`);
    await assert.rejects(other.getServer(), Errors.InvalidAPIKeyError);
    await refused(account.getServer(made.ID), 601);
  },

  async "domains are made, asked about, changed and removed"() {
    // names are answered as they were given
    const Name = `${randomUUID()}-JS.example.org`;
    const folded = Name.toLowerCase();
    const made = await account.createDomain({ Name, ReturnPathDomain: `bounces.${folded}` });
    assert.deepEqual(
      [made.Name, made.DKIMVerified, made.WeakDKIM, made.DKIMHost, made.DKIMUpdateStatus, made.ReturnPathDomain],
      [Name, false, false, "", "Pending", `bounces.${folded}`],
    );
    // what an application shows its owner, to be written into the DNS
    assert.ok(made.DKIMPendingHost.endsWith(`._domainkey.${folded}`));
    assert.match(made.DKIMPendingTextValue, KEY);
    assert.equal(made.ReturnPathDomainCNAMEValue, "bounces.host.example");
    assert.deepEqual(await account.getDomain(made.ID), made);
    const { TotalCount, Domains } = await account.getDomains({ count: 500 });
    assert.deepEqual([TotalCount, Domains[0].ID], [Domains.length, made.ID]);
    const { SPFVerified, DKIMVerified, WeakDKIM, ReturnPathDomainVerified, ID } = made;
    assert.deepEqual(Domains[0], { Name, SPFVerified, DKIMVerified, WeakDKIM, ReturnPathDomainVerified, ID });

    assert.equal((await account.editDomain(ID, { ReturnPathDomain: `pm.${folded}` })).ReturnPathDomain, `pm.${folded}`);
    assert.equal((await account.verifyDomainDKIM(ID)).DKIMVerified, false);
    assert.equal((await account.verifyDomainReturnPath(ID)).ReturnPathDomainVerified, false);
    const spf = await account.verifyDomainSPF(ID);
    assert.deepEqual([spf.SPFVerified, spf.SPFHost, typeof spf.SPFTextValue], [true, folded, "string"]);
    await refused(account.rotateDomainDKIM(ID), 505, /already being renewed/);
    await refused(account.createDomain({ Name }), 512);
    assert.equal((await account.deleteDomain(ID)).Message, `Domain ${Name} removed.`);
    await refused(account.getDomain(ID), 510);
  },

  async "sender signatures are made, asked about, changed and removed"() {
    const Domain = `${randomUUID()}.example.com`;
    const FromEmail = `Ann@${Domain}`;
    const made = await account.createSenderSignature({ Name: "Ann", FromEmail, ReplyToEmail: "re@example.org" });
    assert.deepEqual(
      [made.Name, made.EmailAddress, made.Domain, made.ReplyToEmailAddress, made.Confirmed],
      ["Ann", FromEmail, Domain, "re@example.org", false],
    );
    assert.match(made.DKIMPendingTextValue, KEY);
    assert.deepEqual(await account.getSenderSignature(made.ID), made);
    const { TotalCount, SenderSignatures } = await account.getSenderSignatures({ count: 500 });
    assert.equal(TotalCount, SenderSignatures.length);
    assert.deepEqual(SenderSignatures[0], {
      Domain,
      EmailAddress: FromEmail,
      ReplyToEmailAddress: "re@example.org",
      Name: "Ann",
      Confirmed: false,
      ID: made.ID,
    });

    const changed = await account.editSenderSignature(made.ID, { Name: "Zoe", ReplyToEmail: "zoe@example.org" });
    assert.deepEqual([changed.Name, changed.ReplyToEmailAddress, changed.EmailAddress], ["Zoe", "zoe@example.org", FromEmail]);
    const again = await account.resendSenderSignatureConfirmation(made.ID);
    assert.deepEqual([again.ErrorCode, again.Message], [0, `Confirmation email for Sender Signature ${FromEmail} was re-sent.`]);
    assert.equal((await account.verifySenderSignatureSPF(made.ID)).SPFVerified, true);
    await refused(account.requestNewDKIMForSenderSignature(made.ID), 505, /already being renewed/);
    await refused(account.createSenderSignature({ Name: "Ann", FromEmail }), 504);
    assert.equal((await account.deleteSenderSignature(made.ID)).Message, `Signature ${FromEmail} removed.`);
    await refused(account.getSenderSignature(made.ID), 501);
  },

  async "a person is forgotten"() {
    const { client: mine } = await own();
    const RequestedFor = `${randomUUID()}@example.net`;
    await mine.sendEmail({ From: "ann@example.org", To: RequestedFor, Subject: "s", TextBody: "t" });
    const asked = await account.requestDataRemoval({ RequestedBy: "ann@example.org", RequestedFor, NotifyWhenCompleted: true });
    assert.deepEqual([typeof asked.ID, asked.Status], ["number", "Pending"]);
    const done = await until("done", async () => {
      const held = await account.getDataRemovalStatus(asked.ID);
      return held.Status === "Done" && held;
    });
    assert.deepEqual(done, { ID: asked.ID, Status: "Done" });
    assert.equal((await mine.getOutboundMessages({ recipient: RequestedFor })).TotalCount, 0);
    await refused(account.getDataRemovalStatus(1 << 30), 1301);
  },
};

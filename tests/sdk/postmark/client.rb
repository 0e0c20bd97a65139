# Postmark's Ruby client against a running server: ruby client.rb host port server-token account-token
# Every method of its two clients is called; what an application reads of the answers is looked at.
require "json"
require "postmark"
require "securerandom"

host, port, token, account_token = ARGV
OPTIONS = { host: host, port: port.to_i, secure: false }.freeze
MAIL = { from: "Ann <ann@example.org>", to: "bob@example.net", subject: "s", text_body: "t" }.freeze
PAGE = { count: 30, offset: 0 }.freeze

def same(expected, actual)
  raise "expected #{expected.inspect}, got #{actual.inspect}" unless expected == actual
end

def holds(what, value)
  raise "not so: #{what}" unless value
end

def refused(kind, code)
  begin
    yield
  rescue kind => error
    same(code, error.respond_to?(:error_code) ? error.error_code : error.status_code)
    return error
  end
  raise "#{kind} #{code} was not raised"
end

# what is made in the background is asked for again until it is there
def await(what)
  200.times do
    found = yield
    return found if found
    sleep 0.05
  end
  raise "in vain: #{what}"
end

CASES = {
  "a mail is sent and read back" => lambda do |client, _|
    order = SecureRandom.uuid
    sent = client.deliver(MAIL.merge(
      html_body: "<p>Hello</p>", tag: order, metadata: { order: order }, track_opens: true, track_links: :html_and_text,
      headers: [{ name: "X-Order", value: order }],
      attachments: [{ "Name" => "a.txt", "Content" => ["hello"].pack("m0"), "ContentType" => "text/plain" }],
    ))
    same([0, "OK", "bob@example.net"], [sent[:error_code], sent[:message], sent[:to]])
    id = sent[:message_id]
    found = await("sent") { (one = client.get_message(id))[:status] == "Sent" && one }
    same([["a.txt"], order], [found[:attachments], found[:tag]])
    holds("the dump has the header", client.dump_message(id)[:body].include?("X-Order: #{order}"))
    same([id], client.get_messages(PAGE.merge(tag: order)).map { |each| each[:message_id] })
    same([id], client.messages(tag: order).map { |each| each[:message_id] })
    same(1, client.get_messages_count(tag: order))
  end,

  "batches tell each for itself, in slices of their own size" => lambda do |client, _|
    results = client.deliver_in_batches([MAIL, MAIL.merge(to: "nobody")])
    same([0, 300], results.map { |each| each[:error_code] })
    small = Postmark::ApiClient.new(client.http_client.api_token, OPTIONS.merge(max_batch_size: 1))
    same([0, 0, 0], small.deliver_in_batches([MAIL] * 3).map { |each| each[:error_code] })
  end,

  "refusals are raised as what they are" => lambda do |client, _|
    refused(Postmark::InvalidEmailAddressError, 300) { client.deliver(MAIL.merge(to: "nobody")) }
    refused(Postmark::InvalidApiKeyError, 401) { Postmark::ApiClient.new("nobody", OPTIONS).deliver(MAIL) }
    refused(Postmark::ApiInputError, 701) { client.get_message(SecureRandom.uuid) }
    refused(Postmark::UnexpectedHttpResponseError, 404) { client.get_triggers(:tags) }
    refused(Postmark::UnexpectedHttpResponseError, 404) { client.create_trigger(:tags, match_name: "t") }
  end,

  "who bounced is named, found, dumped and activated" => lambda do |client, _|
    to = "#{SecureRandom.uuid}@bounce-testing.postmarkapp.com"
    client.deliver(MAIL.merge(to: to))
    bounce = await("a bounce") { client.get_bounces(PAGE.merge(emailFilter: to)).first }
    same(["HardBounce", true], [bounce[:type], bounce[:inactive]])
    # this client looks for the addresses on a line of their own, where the JavaScript one takes no line break
    error = refused(Postmark::InactiveRecipientError, 406) { client.deliver(MAIL.merge(to: to)) }
    holds("the address is named", error.message.include?("Found inactive addresses: #{to}. "))
    same([bounce[:id]], client.bounces(emailFilter: to).map { |each| each[:id] })
    same(to, client.get_bounce(bounce[:id])[:email])
    holds("a dump", client.dump_bounce(bounce[:id]).key?(:body))
    same(false, client.activate_bounce(bounce[:id])[:inactive])
    stats = client.delivery_stats
    holds("hard bounces are counted", stats[:bounces].any? { |each| each[:type] == "HardBounce" && each[:count] >= 1 })
    same(0, client.deliver(MAIL.merge(to: to))[:error_code])
  end,

  "opens and clicks are listed" => lambda do |client, _|
    id = client.deliver(MAIL)[:message_id]
    same([[], []], [client.get_opens_by_message_id(id), client.get_clicks_by_message_id(id)])
    same([[], []], [client.opens_by_message_id(id).to_a, client.clicks_by_message_id(id).to_a])
    holds("lists", [client.get_opens(PAGE), client.get_clicks(PAGE)].all?(Array))
    holds("walks", [client.opens.to_a, client.clicks.to_a].all?(Array))
  end,

  "inbound mail is listed" => lambda do |client, _|
    holds("a list", client.get_messages(PAGE.merge(inbound: true)).is_a?(Array))
    holds("a count", client.get_messages_count(inbound: true).is_a?(Integer))
    refused(Postmark::ApiInputError, 701) { client.get_message(SecureRandom.uuid, inbound: true) }
    refused(Postmark::ApiInputError, 701) { client.dump_message(SecureRandom.uuid, inbound: true) }
  end,

  "rules for inbound mail" => lambda do |client, _|
    made = client.create_trigger(:inbound_rules, rule: "#{SecureRandom.hex(4)}.example.com")
    holds("it is listed", client.get_triggers(:inbound_rules, PAGE.dup).any? { |each| each[:id] == made[:id] })
    holds("it is walked to", client.triggers(:inbound_rules).any? { |each| each[:id] == made[:id] })
    same(0, client.delete_trigger(:inbound_rules, made[:id])[:error_code])
  end,

  "the server is read and changed" => lambda do |client, _|
    held = client.server_info
    same("blue", client.update_server_info(color: "blue")[:color].downcase)
    same(held[:name], client.update_server_info(color: held[:color])[:name])
  end,

  "templates are made, tried, sent by and removed" => lambda do |client, _|
    tag = SecureRandom.hex(4)
    made = client.create_template(name: "Hello", alias: "hello-#{tag}", subject: "Hi {{name}}",
                                  html_body: "<b>{{name}}</b>", text_body: "Hi {{name}}")
    id = made[:template_id]
    same(["Hello", "hello-#{tag}"], [made[:name], made[:alias]])
    same("Hi {{name}}", client.get_template("hello-#{tag}")[:subject])
    total, batch = client.get_templates(PAGE.dup)
    holds("it is counted", total >= 1 && batch.any? { |each| each[:template_id] == id })
    holds("it is walked to", client.templates.any? { |each| each[:template_id] == id })
    same("Renamed", client.update_template(id, name: "Renamed")[:name])

    tried = client.validate_template(subject: "Hi {{name}}", html_body: "<b>{{name}}</b>", text_body: "{{#x}}",
                                     test_render_model: { "name" => "Ann" })
    same([false, "Hi Ann"], [tried[:all_content_is_valid], tried[:subject][:rendered_content]])
    holds("faults have places", tried[:text_body][:validation_errors].first[:line].is_a?(Integer))

    wish = { from: MAIL[:from], to: MAIL[:to], template_id: id, template_model: { "name" => "Ann" } }
    sent = client.deliver_with_template(wish)
    same(0, sent[:error_code])
    same("Hi Ann", await("sent") { (one = client.get_message(sent[:message_id]))[:status] == "Sent" && one }[:subject])
    same([0, 0], client.deliver_in_batches_with_templates([wish, wish]).map { |each| each[:error_code] })

    same(0, client.delete_template(id)[:error_code])
    same(false, client.get_template(id)[:active])
    refused(Postmark::ApiInputError, 1101) { client.get_template("hello-#{tag}") }
  end,

  "figures" => lambda do |client, _|
    holds("sends are counted", client.get_stats_totals[:sent].is_a?(Integer))
    from = (Time.now - (86_400 * 3)).strftime("%Y-%m-%d")
    %i[sends bounces spam tracked opens clicks].each do |stat|
      holds(stat, client.get_stats_counts(stat, fromdate: from)[:days].is_a?(Array))
    end
    [%i[opens platforms], %i[opens emailclients], %i[clicks browserfamilies], %i[clicks platforms],
     %i[clicks location]].each do |stat, type|
      holds([stat, type], client.get_stats_counts(stat, type: type)[:days].is_a?(Array))
    end
  end,

  "webhooks" => lambda do |client, _|
    made = client.create_webhook(url: "http://127.0.0.1:9/#{SecureRandom.hex(4)}", message_stream: "outbound",
                                 http_auth: { "Username" => "u", "Password" => "p" },
                                 triggers: { "Open" => { "Enabled" => true, "PostFirstOpenOnly" => false } })
    holds("it is listed", client.get_webhooks(message_stream: "outbound").any? { |each| each[:id] == made[:id] })
    same(made[:url], client.get_webhook(made[:id])[:url])
    same("#{made[:url]}x", client.update_webhook(made[:id], url: "#{made[:url]}x")[:url])
    same(0, client.delete_webhook(made[:id])[:error_code])
    refused(Postmark::ApiInputError, 1352) { client.get_webhook(made[:id]) }
  end,

  "streams and suppressions" => lambda do |client, _|
    stream = "s#{SecureRandom.hex(4)}"
    made = client.create_message_stream(id: stream, name: "News", message_stream_type: "Broadcasts",
                                        subscription_management_configuration: { unsubscribe_handling_type: "Postmark" })
    same([stream, "Postmark"], [made[:id], made[:subscription_management_configuration][:unsubscribe_handling_type]])
    same("Old news", client.update_message_stream(stream, name: "Old news")[:name])
    same("Old news", client.get_message_stream(stream)[:name])
    holds("it is listed", client.get_message_streams(PAGE.merge(messageStreamType: "All")).any? { |each| each[:id] == stream })
    holds("it is walked to", client.message_streams.any? { |each| each[:id] == stream })

    who = "#{SecureRandom.hex(4)}@example.net"
    answer = client.create_suppressions(stream, [who])
    same([[who, "Suppressed"]], answer[:suppressions].map { |each| [each["EmailAddress"], each["Status"]] })
    same([who], client.dump_suppressions(stream).map { |each| each[:email_address] })
    answer = client.delete_suppressions(stream, who)
    same(["Deleted"], answer[:suppressions].map { |each| each["Status"] })

    same(stream, client.archive_message_stream(stream)[:id])
    same(nil, client.unarchive_message_stream(stream)[:archived_at])
    client.archive_message_stream(stream)
  end,

  "servers are made, listed, changed and removed" => lambda do |_, account|
    name = "server #{SecureRandom.hex(4)}"
    made = account.create_server(name: name, color: "red", delivery_type: "Sandbox")
    same([name, "Sandbox"], [made[:name], made[:delivery_type]])
    same(name, account.get_server(made[:id])[:name])
    holds("it is listed", account.get_servers(PAGE.merge(name: name)).any? { |each| each[:id] == made[:id] })
    holds("it is walked to", account.servers.any? { |each| each[:id] == made[:id] })
    same(1, account.get_servers_count(name: name))
    same("#{name}!", account.update_server(made[:id], name: "#{name}!")[:name])

    other = Postmark::ApiClient.new(made[:api_tokens].first, OPTIONS)
    other.create_template(name: "t", alias: "pushed", subject: "s", text_body: "t")
    target = account.create_server(name: "#{name} target")
    pushed = account.push_templates(source_server_id: made[:id], destination_server_id: target[:id], perform_changes: true)
    same([["Create", "pushed"]], pushed.map { |each| [each[:action], each[:alias]] })
    same("t", Postmark::ApiClient.new(target[:api_tokens].first, OPTIONS).get_template("pushed")[:name])
    [made, target].each { |each| same(0, account.delete_server(each[:id])[:error_code]) }
  end,

  "domains are made, asked about, changed and removed" => lambda do |_, account|
    name = "#{SecureRandom.hex(4)}.example.com"
    made = account.create_domain(name: name, return_path_domain: "bounces.#{name}")
    same(name, account.get_domain(made[:id])[:name])
    holds("it is listed", account.get_domains(count: 500, offset: 0).any? { |each| each[:id] == made[:id] })
    holds("it is walked to", account.domains.any? { |each| each[:id] == made[:id] })
    holds("it is counted", account.get_domains_count >= 1)
    same("pm.#{name}", account.update_domain(made[:id], return_path_domain: "pm.#{name}")[:return_path_domain])
    same(false, account.verify_domain_dkim(made[:id])[:dkim_verified])
    same(false, account.verify_domain_return_path(made[:id])[:return_path_domain_verified])
    holds("an answer", [true, false].include?(account.verified_domain_spf?(made[:id])))
    # its first key waits to be seen in the DNS
    refused(Postmark::ApiInputError, 505) { account.rotate_domain_dkim(made[:id]) }
    same(0, account.delete_domain(made[:id])[:error_code])
    refused(Postmark::ApiInputError, 510) { account.get_domain(made[:id]) }
  end,

  "sender signatures are made, asked about, changed and removed" => lambda do |_, account|
    email = "ann@#{SecureRandom.hex(4)}.example.com"
    made = account.create_sender(name: "Ann", from_email: email, reply_to_email: "re@example.org")
    same([email, false], [made[:email_address], made[:confirmed]])
    same("Ann", account.get_sender(made[:id])[:name])
    holds("it is listed", account.get_senders(count: 500, offset: 0).any? { |each| each[:id] == made[:id] })
    holds("it is walked to", account.senders.any? { |each| each[:id] == made[:id] })
    holds("it is counted", account.get_senders_count >= 1)
    same("Zoe", account.update_sender(made[:id], name: "Zoe")[:name])
    same(0, account.resend_sender_confirmation(made[:id])[:error_code])
    holds("an answer", [true, false].include?(account.verified_sender_spf?(made[:id])))
    begin
      account.request_new_sender_dkim(made[:id])
    rescue Postmark::ApiInputError => error
      holds("a code of signatures", (500...600).cover?(error.error_code))
    end
    same(0, account.delete_sender(made[:id])[:error_code])
    refused(Postmark::ApiInputError, 501) { account.get_sender(made[:id]) }
  end,
}.freeze

client = Postmark::ApiClient.new(token, OPTIONS)
account = Postmark::AccountApiClient.new(account_token, OPTIONS.dup)
failed = CASES.reject do |name, run|
  run.call(client, account)
  puts "ok    #{name}"
  true
rescue StandardError => error
  puts "FAILS #{name}: #{error.class}: #{error.message}\n  #{error.backtrace.grep(/client\.rb/).first(3).join("\n  ")}"
  false
end

# a method that nobody calls is a method that nobody knows to work
called = File.read(__FILE__)
methods = (Postmark::ApiClient.public_instance_methods(false) + Postmark::AccountApiClient.public_instance_methods(false))
left = methods.reject { |name| called.include?(".#{name}") || name.to_s =~ /signature|max_batch_size|deliver_message/ }
puts "never called: #{left.join(", ")}" unless left.empty?
exit(failed.empty? && left.empty?)

// SPDX-License-Identifier: ISC
#include "chatd/hub/passwords.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <memory>
#include <system_error>
#include <utility>

using namespace common;

namespace chatd {

void Passwords::start() {
    if (authd_) return;
    if (auto wanted = authd_settings(settings_))
        authd_.emplace(loop_, log_, *std::move(wanted), AuthdLink::StartedElsewhere{end_authd_});
}

void Passwords::adopt(Fd pair, pid_t pid) {
    start();
    if (authd_) authd_->adopt(std::move(pair), pid);
}

void Passwords::configure() {
    if (authd_) authd_->configure(settings_.login_tries, settings_.login_holdoff, secrets_of(settings_));
    start();
}

void Passwords::stop() {
    if (authd_) authd_->stop();
}

// Each question has a pair of its own, so that an idle client needs none; how often a client may ask is
// counted here, how often an address may, by authd.
void Passwords::ask(Client& client, LoginKind kind, std::string_view name, std::string_view password,
                    OnVerdict on_verdict) {
    try {
        client.login = std::make_unique<Login>(authd_ ? authd_->open_client(client.address) : Fd{});
        client.login->ask(kind, name, password);
        if (client.login->is_connected()) watch(client);
    } catch (const std::system_error& error) {
        log_.warning(text("authd cannot be asked: ", error.what()));
        client.login.reset();
    }
    if (!client.login || !client.login->is_connected()) {
        client.login.reset();
        return on_verdict(client, Verdict{});
    }
    client.owes_answer = true;
    client.on_verdict = std::move(on_verdict);
}

void Passwords::watch(Client& client) {
    client.verdict = Watch{loop_, client.login->fd(), Interest::read,
                           [this, number = client.number](const Event&) { hear_verdict(number); },
                           [this, number = client.number](const std::exception& error) {
                               if (Client* const asks = people_.find(number))
                                   departures_.punish(*asks, error.what());
                           }};
}

void Passwords::hear_verdict(ClientNumber number) {
    Client& client = *people_.find(number);
    client.verdict.reset(); // taking it may close what is watched
    const std::optional<Verdict> verdict = client.login->take_verdict();
    if (!verdict) return watch(client);
    client.login.reset();
    client.owes_answer = false;
    const OnVerdict on_verdict = std::exchange(client.on_verdict, nullptr);
    const Turn turn{on_turn_, number};
    on_verdict(client, *verdict);
}

void Passwords::refuse(Client& client, const Verdict& verdict) {
    if (verdict.kind == Verdict::Kind::unavailable) return answers_.refuse(client, Refusal::not_now);
    if (++client.wrong_passwords >= settings_.login_tries)
        return departures_.dismiss(client, Farewell::too_many_tries);
    answers_.refuse(client,
                    verdict.kind == Verdict::Kind::held_off ? Refusal::held_off : Refusal::wrong_password);
}

} // namespace chatd

// SPDX-License-Identifier: ISC
// The hub's part about passwords: it asks authd on a client's behalf, since it could not believe a handler
// that says what authd has said, and never checks one itself. Run by the hub.
#include "chatd/hub/hub.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/secret.hh"
#include "common/text.hh"

#include <algorithm>
#include <system_error>

using namespace common;

namespace chatd {
namespace {

bool has_right(std::string_view rights, std::string_view right) {
    const std::vector<std::string_view> all = split_list(rights);
    return std::find(all.begin(), all.end(), right) != all.end();
}

} // namespace

// At the start, or when a reload brings the first hash.
void Hub::start_authd() {
    if (authd_ || (settings_.users.empty() && secrets_of(settings_).empty())) return;
    AuthdSettings wanted = make_authd_settings(settings_, "chatd");
    wanted.secrets = secrets_of(settings_);
    wanted.is_same_name = [](std::string_view one, std::string_view other) {
        return fold_name(one) == fold_name(other);
    };
    authd_.emplace(loop_, log_, std::move(wanted), [this] { pages_.keep_none(); });
}

// Each question has a pair of its own, so that an idle client needs none; how often a client may ask is
// counted here, how often an address may, by authd.
void Hub::ask_authd(Client& client, LoginKind kind, std::string_view name, std::string_view password,
                    OnVerdict on_verdict) {
    try {
        client.login = std::make_unique<Login>(authd_ ? authd_->open_client(client.address) : Fd{});
        client.login->ask(kind, name, password);
        if (client.login->is_connected())
            loop_.watch(client.login->fd(), Interest::read,
                        [this, number = client.number](const Event&) { hear_verdict(number); });
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

void Hub::hear_verdict(ClientNumber number) {
    Client& client = clients_.at(number);
    const int fd = client.login->fd();
    loop_.forget(fd); // taking the verdict may close it
    const std::optional<Verdict> verdict = client.login->take_verdict();
    if (!verdict)
        return loop_.watch(fd, Interest::read, [this, number](const Event&) { hear_verdict(number); });
    client.login.reset();
    client.owes_answer = false;
    const OnVerdict on_verdict = std::exchange(client.on_verdict, nullptr);
    try {
        on_verdict(client, *verdict);
    } catch (const PeerError& error) {
        punish(client, error.what());
    }
}

void Hub::refuse_password(Client& client, const Verdict& verdict) {
    if (verdict.kind == Verdict::Kind::unavailable) return refuse(client, Refusal::not_now);
    if (++client.wrong_passwords >= settings_.login_tries) return dismiss(client, Farewell::too_many_tries);
    refuse(client, verdict.kind == Verdict::Kind::held_off ? Refusal::held_off : Refusal::wrong_password);
}

// Whoever has the password has the name: a connection that has it is dead, or will be.
void Hub::on_login(Client& client, Packet packet) {
    std::string password = LoginFrame::read(packet).second;
    if (client.claimed.empty()) throw PeerError("a password that was not asked for");
    const std::string name = client.claimed; // which it stays until the password is right
    ask_authd(client, LoginKind::user, name, password, [this, name](Client& asks, const Verdict& verdict) {
        if (verdict.kind != Verdict::Kind::accepted) return refuse_password(asks, verdict);
        asks.claimed.clear();
        if (Client* const ghost = find_client(name)) dismiss(*ghost, Farewell::resumed_elsewhere);
        asks.is_operator = has_right(verdict.rights, "operator");
        take_name(asks, name);
    });
    erase_bytes(password);
}

void Hub::on_oper(Client& client, Packet packet) {
    auto [fields, words] = OperFrame::read(packet);
    const auto [name_size] = fields;
    if (name_size > words.size()) throw PeerError("a name that is longer than its frame");
    const std::string name = words.substr(0, name_size);
    ask_authd(
        client, LoginKind::secret, text(operator_secret, name), std::string_view{words}.substr(name_size),
        [this, name](Client& asks, const Verdict& verdict) {
            const auto& known = settings_.operators;
            const auto found = std::find_if(known.begin(), known.end(),
                                            [&](const OperatorSettings& one) { return one.name == name; });
            if (verdict.kind != Verdict::Kind::accepted || found == known.end())
                return refuse_password(asks, verdict);
            asks.is_operator = asks.is_operator || found->rooms.empty();
            asks.operator_rooms.insert(asks.operator_rooms.end(), found->rooms.begin(), found->rooms.end());
            log_.notice(text("operator ", escape(name), " is ", escape(asks.name)));
            accept(asks);
        });
    erase_bytes(words);
}

// No room has this code as it is kept; perhaps one has its hash. An empty one is nobody's.
void Hub::enter_by_hash(Client& client, std::string_view name, std::string_view code) {
    const bool has_hashes =
        std::any_of(settings_.rooms.begin(), settings_.rooms.end(), [&](const auto& room) {
            return !room.code_hash.empty() && (name.empty() || room.name == name);
        });
    const bool may_try = client.wrong_codes < max_tries || client.state == State::entering;
    if (!has_hashes || code.empty() || !may_try) return refuse_code(client);
    const std::string secret = name.empty() ? std::string{} : text(room_secret, name);
    ask_authd(client, LoginKind::secret, secret, code, [this](Client& asks, const Verdict& verdict) {
        if (verdict.kind == Verdict::Kind::unavailable) return refuse(asks, Refusal::not_now);
        if (verdict.kind == Verdict::Kind::held_off) return refuse(asks, Refusal::held_off);
        const bool is_room = verdict.name.rfind(room_secret, 0) == 0; // and not an operator's
        Room* const room =
            is_room ? find_room(std::string_view{verdict.name}.substr(room_secret.size())) : nullptr;
        if (verdict.kind != Verdict::Kind::accepted || room == nullptr) return refuse_code(asks);
        if (const auto why = refuse_entry(asks, *room)) return refuse(asks, *why);
        enter_room(asks, *room, 0);
    });
}

} // namespace chatd

// SPDX-License-Identifier: ISC
#include "common/authd/authd_frames.hh"

#include "common/errors.hh"

#include <limits>
#include <tuple>

namespace common {
namespace {

constexpr std::size_t rest = std::numeric_limits<std::size_t>::max();

[[noreturn]] void refuse() { throw PeerError("a packet of authd's is malformed"); }

// Reads a packet from its start to its end.
template <class Fields>
class Reader {
public:
    explicit Reader(std::span<const char> packet) : left_(packet.data(), packet.size()) {
        if (packet.size() < Fields::size || packet.size() > max_authd_packet) refuse();
        fields = Fields::unpack_from(packet);
        left_.remove_prefix(Fields::size);
    }

    // The next text; of rest bytes: all that is left.
    std::string_view text(std::size_t bytes, std::size_t most) {
        if (bytes == rest) bytes = left_.size();
        if (bytes > left_.size() || bytes > most) refuse();
        const std::string_view found = left_.substr(0, bytes);
        left_.remove_prefix(bytes);
        return found;
    }
    void expect_end() const {
        if (!left_.empty()) refuse();
    }

    typename Fields::Tuple fields;

private:
    std::string_view left_;
};

std::uint8_t number(AuthdPacket packet) { return static_cast<std::uint8_t>(packet); }

// The length of a text that is part of a packet.
std::uint16_t length(std::string_view text, std::size_t most) {
    if (text.size() > most) refuse();
    return static_cast<std::uint16_t>(text.size());
}

template <class Fields>
std::string start(const Fields& fields) {
    return {fields.data(), fields.size()};
}

} // namespace

AuthdPacket number_of(std::span<const char> packet) {
    if (packet.empty()) refuse();
    return static_cast<AuthdPacket>(packet[0]);
}

std::string pack_client(std::string_view address) {
    length(address, max_client_address);
    return start(ClientFields::pack(number(AuthdPacket::client))).append(address);
}

std::string unpack_client(std::span<const char> packet) {
    return std::string{Reader<ClientFields>{packet}.text(rest, max_client_address)};
}

std::string pack_configuration(const Configuration& given) {
    if (given.secrets > max_secrets) refuse();
    return start(ConfigureFields::pack(number(AuthdPacket::configure), given.tries,
                                       static_cast<std::uint32_t>(given.holdoff.count()),
                                       static_cast<std::uint16_t>(given.secrets)));
}

Configuration unpack_configuration(std::span<const char> packet) {
    const Reader<ConfigureFields> reader{packet};
    reader.expect_end();
    const auto [kind, tries, holdoff, secrets] = reader.fields;
    if (tries == 0 || secrets > max_secrets) refuse();
    return {tries, std::chrono::seconds{holdoff}, secrets};
}

std::string pack_secret(const StoredSecret& secret) {
    length(secret.hash, max_hash);
    return start(SecretFields::pack(number(AuthdPacket::secret), length(secret.name, max_user_name)))
        .append(secret.name)
        .append(secret.hash);
}

StoredSecret unpack_secret(std::span<const char> packet) {
    Reader<SecretFields> reader{packet};
    StoredSecret secret;
    secret.name = reader.text(std::get<1>(reader.fields), max_user_name);
    secret.hash = reader.text(rest, max_hash);
    if (!may_be_hash(secret.hash)) refuse();
    return secret;
}

std::string pack_note(Severity severity, std::string_view text) {
    return start(NoteFields::pack(number(AuthdPacket::note), static_cast<std::uint8_t>(severity)))
        .append(text.substr(0, max_note));
}

Note unpack_note(std::span<const char> packet) {
    Reader<NoteFields> reader{packet};
    const auto severity = std::get<1>(reader.fields);
    if (severity > static_cast<std::uint8_t>(Severity::detail)) refuse();
    return {static_cast<Severity>(severity), std::string{reader.text(rest, max_note)}};
}

Secret pack_question(LoginKind kind, std::string_view name, std::string_view password) {
    length(password, max_password);
    if (name.find('\0') != name.npos || password.find('\0') != password.npos) refuse();
    std::string packet;
    packet.reserve(max_authd_packet); // so that it leaves no copy where it grew
    packet += start(QuestionFields::pack(number(AuthdPacket::question), static_cast<std::uint8_t>(kind),
                                         length(name, max_user_name)));
    packet.append(name).append(password);
    Secret whole{packet};
    erase_bytes(packet);
    return whole;
}

Question unpack_question(std::span<const char> packet) {
    Reader<QuestionFields> reader{packet};
    const auto [packet_number, kind, name_size] = reader.fields;
    const std::string_view name = reader.text(name_size, max_user_name);
    const std::string_view password = reader.text(rest, max_password);
    const bool is_known = kind >= static_cast<std::uint8_t>(LoginKind::user) &&
                          kind <= static_cast<std::uint8_t>(LoginKind::known);
    if (packet_number != number(AuthdPacket::question) || !is_known) refuse();
    if (name.find('\0') != name.npos || password.find('\0') != password.npos) refuse();
    return {static_cast<LoginKind>(kind), std::string{name}, Secret{password}};
}

std::string pack_verdict(const Verdict& verdict) {
    length(verdict.limits, max_user_line);
    return start(VerdictFields::pack(number(AuthdPacket::verdict), static_cast<std::uint8_t>(verdict.kind),
                                     verdict.tries_left, static_cast<std::uint32_t>(verdict.wait.count()),
                                     length(verdict.name, max_user_name), length(verdict.home, max_user_line),
                                     length(verdict.rights, max_user_line)))
        .append(verdict.name)
        .append(verdict.home)
        .append(verdict.rights)
        .append(verdict.limits);
}

Verdict unpack_verdict(std::span<const char> packet) {
    Reader<VerdictFields> reader{packet};
    const auto [packet_number, kind, tries_left, wait, name, home, rights] = reader.fields;
    const bool is_known = kind >= static_cast<std::uint8_t>(Verdict::Kind::accepted) &&
                          kind <= static_cast<std::uint8_t>(Verdict::Kind::unavailable);
    if (packet_number != number(AuthdPacket::verdict) || !is_known) refuse();
    Verdict verdict{.kind = static_cast<Verdict::Kind>(kind),
                    .tries_left = tries_left,
                    .wait = std::chrono::seconds{wait}};
    verdict.name = reader.text(name, max_user_name);
    verdict.home = reader.text(home, max_user_line);
    verdict.rights = reader.text(rights, max_user_line);
    verdict.limits = reader.text(rest, max_user_line);
    return verdict;
}

} // namespace common

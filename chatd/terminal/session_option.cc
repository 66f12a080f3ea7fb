// SPDX-License-Identifier: ISC
#include "chatd/terminal/session_option.hh"

#include "chatd/terminal/telnet.hh"
#include "common/text.hh"

namespace chatd {

using common::text;

std::string encode(SessionMessage message, std::string_view body) {
    return telnet::encode_subnegotiation(telnet::Option::chat, text(static_cast<char>(message), body));
}

std::string encode_dealt(std::uint64_t bytes, std::uint64_t refused) {
    const auto body = Dealt::pack(bytes, refused);
    return encode(SessionMessage::dealt, {body.data(), body.size()});
}

std::string encode_line(std::uint64_t bytes, std::string_view keys) {
    const auto count = Count::pack(bytes);
    return encode(SessionMessage::line, std::string{count.data(), count.size()}.append(keys));
}

std::string encode_mark(const Mark& mark) {
    const auto body = MarkFields::pack(mark.bytes, mark.client, mark.serial);
    return encode(SessionMessage::mark, {body.data(), body.size()});
}

std::string encode_own(bool are_looked_for) {
    const auto body = Flag::pack(are_looked_for);
    return encode(SessionMessage::own, {body.data(), body.size()});
}

std::string encode_said(std::uint64_t client, std::uint32_t serial, std::string_view words) {
    const auto head = SaidHead::pack(client, serial, static_cast<std::uint32_t>(words.size()));
    return encode(SessionMessage::said,
                  text(std::string_view{head.data(), head.size()}, words.substr(0, said_head)));
}

std::optional<SaidLine> read_said(std::string_view body) {
    if (body.size() < SaidHead::size) return {};
    const auto [client, serial, size] = SaidHead::unpack_from(body);
    return SaidLine{client, serial, size, body.substr(SaidHead::size)};
}

std::string encode_hello(const Hello& hello) {
    const auto head = HelloHead::pack(hello.is_plain, static_cast<std::uint8_t>(hello.language.size()),
                                      static_cast<std::uint8_t>(hello.token.size()));
    return encode(SessionMessage::hello,
                  text(std::string_view{head.data(), head.size()}, hello.language, hello.token, hello.place));
}

std::optional<SessionText> read_session(std::string_view bytes) {
    if (bytes.empty()) return {};
    return SessionText{static_cast<SessionMessage>(bytes[0]), bytes.substr(1)};
}

std::optional<Hello> read_hello(std::string_view body) {
    if (body.size() < HelloHead::size) return {};
    const auto [is_plain, language_size, token_size] = HelloHead::unpack_from(body);
    body.remove_prefix(HelloHead::size);
    if (token_size > max_token || body.size() < std::size_t{language_size} + token_size) return {};
    Hello hello{.is_plain = is_plain, .language = body.substr(0, language_size)};
    hello.token = body.substr(language_size, token_size);
    hello.place = body.substr(std::size_t{language_size} + token_size);
    if (hello.place.size() > max_place || hello.place.size() % PlaceRoom::size != 0) return {};
    return hello;
}

} // namespace chatd

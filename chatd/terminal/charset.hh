// SPDX-License-Identifier: ISC
// The character set of a telnet connection (CHARSET, RFC 2066): what its subnegotiations hold, and text for a
// client that has ISO 8859-1 (Latin-1) and no UTF-8. Run by handlers, which do not trust the client; works on
// bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd::telnet {

enum class Charset : std::uint8_t { utf8, latin1 };

// REQUEST, whole: UTF-8, or, if the client cannot have that, ISO-8859-1.
std::string ask_charset();

// What the bytes of a subnegotiation of the other side mean.
struct CharsetTalk {
    std::optional<Charset> charset{}; // the one to use from now on; no value: the one that is used already
    std::string answer{};             // to be sent, whole; may be empty
};
// asks: our own REQUEST is not answered yet. Then a REQUEST of the client's is rejected, as RFC 2066 has it
// for servers. Of a list that has both, UTF-8 is taken. TTABLE-IS is rejected: there are no tables here.
CharsetTalk hear_charset(std::string_view bytes, bool asks);

} // namespace chatd::telnet

namespace chatd {

// UTF-8 for a client with Latin-1, a byte for each character. Some that Latin-1 lacks have a substitute that
// looks like them, the others are `?'. Bytes that are no UTF-8 stay as they are.
std::string to_latin1(std::string_view text);
std::string from_latin1(std::string_view bytes);

} // namespace chatd

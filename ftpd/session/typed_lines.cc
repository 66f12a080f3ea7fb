// SPDX-License-Identifier: ISC
#include "ftpd/session/typed_lines.hh"

#include "ftpd/telnet.hh"

using namespace ftpd::telnet;

namespace ftpd {
namespace {

constexpr char ctrl_d = '\x04'; // what telnet makes of it at the start of a line, at once

} // namespace

std::size_t TypedLines::take(std::string_view bytes, std::string& out) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !has_ended_) take_byte(bytes[taken++], out);
    return taken;
}

void TypedLines::take_byte(char c, std::string& out) {
    if (take_protocol(c)) return;
    if (std::exchange(after_return_, false)) {
        if (c == '\n') return end_line(out);
        take_content('\r', out);
        if (c == '\0') return;
    }
    if (c == '\r')
        after_return_ = true;
    else if (c == '\n' && ends_ == Ends::newline)
        end_line(out);
    else
        take_content(c, out);
}

// True if c belongs to the protocol; of IAC IAC, the second is content.
bool TypedLines::take_protocol(char c) {
    const auto byte = static_cast<unsigned char>(c);
    switch (protocol_) {
    case Protocol::none:
        if (byte != iac) return false;
        protocol_ = Protocol::command;
        return true;
    case Protocol::command:
        protocol_ = Protocol::none;
        if (byte == iac) return false;
        if (byte == sb) protocol_ = Protocol::parameters;
        if (byte < will || byte > dont) return true;
        command_ = byte;
        protocol_ = Protocol::option;
        return true;
    case Protocol::option:
        protocol_ = Protocol::none;
        is_telnet_ = true;
        answer_ += refuse_option(command_, c);
        return true;
    case Protocol::parameters:
        if (byte == iac) protocol_ = Protocol::parameters_command;
        return true;
    case Protocol::parameters_command:
        protocol_ = byte == se ? Protocol::none : Protocol::parameters;
        return true;
    }
    return true;
}

void TypedLines::take_content(char c, std::string& out) {
    switch (std::exchange(position_, LinePosition::inside)) {
    case LinePosition::start:
        if (c == ctrl_d && is_telnet_)
            has_ended_ = true;
        else if (c == '.')
            position_ = LinePosition::behind_dot;
        else
            out += c;
        return;
    case LinePosition::behind_dot:
        out += '.';
        if (c != '.') out += c;
        return;
    case LinePosition::inside: out += c; return;
    }
}

void TypedLines::end_line(std::string& out) {
    if (std::exchange(position_, LinePosition::start) == LinePosition::behind_dot)
        has_ended_ = true;
    else
        out += '\n';
}

} // namespace ftpd

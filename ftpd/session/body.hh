// SPDX-License-Identifier: ISC
// The body that follows PUT or WRITE on the control connection: what is part of it, and where it ends.
// Whether it is stored or thrown away, none of it is ever taken for a command. Run by the session; trusts
// nothing the client sends.
#pragma once

#include "ftpd/session/typed_lines.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ftpd {

class Connection;

class Body {
public:
    // As many bytes as were announced.
    static Body counted(std::uint64_t bytes) { return Body{Counted{bytes}}; }
    // All up to the end of the client's input.
    static Body to_end() { return Body{ToEnd{}}; }
    // Lines up to a line with a single dot.
    static Body lines(const Connection& control) { return Body{lines_of(control)}; }

    bool is_counted() const { return std::holds_alternative<Counted>(form_); }
    bool is_to_end() const { return std::holds_alternative<ToEnd>(form_); }
    bool is_lines() const { return std::holds_alternative<TypedLines>(form_); }

    // Says 150: the client may send. A client whose CR LF ended a line that came alone may be telnet: the
    // reply to it ends with unknown options, which only telnet answers. From telnet, a body up to the end of
    // the input is one of lines: telnet cannot end its input.
    void begin(Connection& control, std::string_view words);
    bool has_begun() const { return has_begun_; }

    // What comes next of it, made of at most that many bytes; valid until the next call. Empty at its end, or
    // when the input ends. Throws SessionOver when nothing comes for stall-timeout.
    std::string_view receive(Connection& control, std::size_t max_bytes);
    // It has ended as it should.
    bool is_whole() const;
    // Bytes of a counted one that have not come.
    std::uint64_t left() const { return is_counted() ? std::get<Counted>(form_).left : 0; }

private:
    struct Counted {
        std::uint64_t left;
    };
    struct ToEnd {
        std::string telnet_answer; // to what was asked; empty: nothing was, or all is decided
        bool has_ended = false;
    };
    using Form = std::variant<Counted, ToEnd, TypedLines>;
    explicit Body(Form form) : form_(std::move(form)) {}
    static TypedLines lines_of(const Connection& control);

    void learn_whether_telnet(Connection& control);
    std::string_view receive_lines(Connection& control, std::size_t max_bytes);

    Form form_;
    bool has_begun_ = false;
    std::vector<char> buffer_;
    std::string lines_; // of TypedLines
};

} // namespace ftpd

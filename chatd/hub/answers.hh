// SPDX-License-Identifier: ISC
// What the hub answers a client's handler. A handler has one question open and drains its pair, so there is
// room for every answer, unless it misbehaves: then it is killed, and so it is when the system does not let
// an answer through. Run by the hub.
#pragma once

#include "chatd/hub/client.hh"
#include "chatd/protocol.hh"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class Answers {
public:
    // What becomes of a client whose handler gets no answer, when the present work is done.
    struct Faults {
        std::function<void(const Client&, std::string_view why)> kill;
        std::function<void(const Client&)> doubt; // it seems to have ended
    };
    explicit Answers(Faults faults) : faults_(std::move(faults)) {}

    // A frame, with a descriptor when passed is one. Nothing for a client whose handler is gone already.
    void send(const Client& client, std::string_view frame, int passed = -1) const;
    // It is done; words: what there is to say of it.
    void confirm(const Client& client, std::string_view words = {}) const;
    void refuse(const Client& client, Refusal why) const;
    // As many of the lines after the skipped ones as one frame takes.
    void list(const Client& client, std::uint32_t skip, const std::vector<std::string>& lines) const;

private:
    Faults faults_;
};

} // namespace chatd

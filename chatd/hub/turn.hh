// SPDX-License-Identifier: ISC
// While this lives the hub works for one client, as whoever is told of it knows
// (common/keeper/serving_word.hh); however that ends, also by what is thrown, it is over then. Run by the
// hub.
#pragma once

#include "chatd/hub/marks.hh"

#include <functional>

namespace chatd {

class Turn {
public:
    // Called with the client's number, and with 0 after it.
    using OnTurn = std::function<void(ClientNumber client)>;

    // on_turn must outlive this.
    Turn(const OnTurn& on_turn, ClientNumber client) : on_turn_(on_turn) { on_turn_(client); }
    ~Turn() { on_turn_(0); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    const OnTurn& on_turn_;
};

} // namespace chatd

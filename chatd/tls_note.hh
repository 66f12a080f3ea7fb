// SPDX-License-Identifier: ISC
// What a handler notes of its client's TLS on its status page, for the administrator: "1.3/AES-256-GCM", or
// "no tls: " and why. Behind the word of chatd/sleep_word.hh. The hub trusts nothing in it; a handler of the
// version before leaves it empty.
#pragma once

#include "common/pack/pack.hh"
#include "common/status_pages.hh"
#include "common/text.hh"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace chatd {

class TlsNote {
public:
    explicit TlsNote(std::span<std::byte> page) : record_(page.subspan(place), Record::size) {}

    void post(std::string_view words) const {
        record_.post(Record::pack(std::string{words.substr(0, Record::size)}));
    }
    // Escaped; empty: there is none.
    std::string read() const {
        const std::optional<std::string> record = record_.read();
        return record ? common::escape(record->substr(0, record->find('\0'))) : std::string{};
    }

private:
    static constexpr std::size_t place = 64; // of the page
    using Record = pack::Struct<"=128s">;

    mutable common::PostedRecord record_;
};

} // namespace chatd

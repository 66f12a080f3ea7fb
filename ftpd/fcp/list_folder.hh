// SPDX-License-Identifier: ISC
// What a path on the server is (SITE MLSD): a folder with its entries, a file, or what matches a pattern. Run
// by fcp and fls; what it gives on is checked to be names below that path, however it came.
#pragma once

#include "ftpd/fcp/exchange.hh"
#include "ftpd/fcp/remote_entry.hh"

#include <functional>
#include <string>
#include <vector>

namespace ftpd {

struct RemoteListing {
    enum class Kind { folder, file, pattern } kind = Kind::file;
    RemoteEntry self;                 // of a folder, whose name is `.'; of a file
    std::vector<RemoteEntry> entries; // of a folder or a pattern; plain names
    std::size_t left_out = 0;         // entries whose names lead elsewhere
};

class ListFolder : public Exchange {
public:
    static constexpr std::size_t most_entries = 10'000'000;

    using OnListing = std::function<void(RemoteListing)>;
    using OnRefused = std::function<void(const Reply&)>;
    ListFolder(std::string path, OnListing on_listing, OnRefused on_refused)
        : path_(std::move(path)), on_listing_(std::move(on_listing)), on_refused_(std::move(on_refused)) {}

    std::vector<std::string> begin() override;
    bool wants_lines() const override { return true; }
    void on_line(std::string_view line) override;
    Next on_reply(const Reply& reply) override;
    void on_loss(const std::string& why) override { on_refused_({421, why}); }

private:
    std::string path_;
    OnListing on_listing_;
    OnRefused on_refused_;
    std::vector<RemoteEntry> entries_;
};

// What the entries that the server sent for a path mean, whatever it is (CVE-2019-6111: a server may send
// names that nobody asked for).
RemoteListing understand_listing(std::string_view path, std::vector<RemoteEntry> entries);

} // namespace ftpd

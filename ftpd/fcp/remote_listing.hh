// SPDX-License-Identifier: ISC
// What a path on the server is (SITE MLSD; RFC 3659, section 7.2): a folder with its entries, a file, or what
// matches a pattern. Run by fcp and fls, on bytes that a server sent: no name in them is trusted to lead
// nowhere else: only names that were checked to be below that path are passed on.
#pragma once

#include "ftpd/fcp/exchange.hh"

#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ftpd {

struct RemoteEntry {
    // unknown: the server could not look at it, or does not say.
    enum class Type { file, folder, link, other, unknown };
    Type type = Type::unknown;
    std::string name;
    std::optional<std::uint64_t> size; // bytes; of a file, or of the file that a link leads to
    std::optional<std::time_t> modified;
    std::optional<mode_t> mode; // the nine bits of permissions
    std::string unique;         // tells whether two names are one file; empty: not known
};

// "type=file;size=5;modify=20261121072600; NAME". Unknown facts are skipped. A link is one of the types
// `OS.unix=slink:TARGET' (RFC 3659, section 7.7.4), `OS.unix=slink' and `OS.unix=symlink'. Throws PeerError
// for any other line.
RemoteEntry parse_remote_entry(std::string_view line);

// Whether a name that a server sent is one component of a path below: not empty, `.' or `..', no slash, no
// NUL.
bool is_plain_name(std::string_view name);

struct RemoteListing {
    enum class Kind { folder, file, pattern } kind = Kind::file;
    RemoteEntry self;                 // of a folder, whose name is `.'; of a file
    std::vector<RemoteEntry> entries; // of a folder or a pattern; plain names
    std::size_t left_out = 0;         // entries whose names lead elsewhere
};

class ListFolder : public Exchange {
public:
    static constexpr std::size_t max_entries = 10'000'000;

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

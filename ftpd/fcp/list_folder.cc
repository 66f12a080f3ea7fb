// SPDX-License-Identifier: ISC
#include "ftpd/fcp/list_folder.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/fcp/remote_name.hh"

#include <fnmatch.h>
#include <iterator>

using namespace common;

namespace ftpd {

std::vector<std::string> ListFolder::begin() {
    entries_.clear();
    return {path_.empty() ? "SITE MLSD" : "SITE MLSD " + path_};
}

void ListFolder::on_line(std::string_view line) {
    // A refusal of several lines comes here, too; its last says enough.
    if (line.substr(0, 1) != " ") return;
    if (entries_.size() == most_entries) throw PeerError("the server's listing does not end");
    entries_.push_back(parse_remote_entry(line.substr(1)));
}

Next ListFolder::on_reply(const Reply& reply) {
    if (reply.code == 213)
        on_listing_(understand_listing(path_, std::move(entries_)));
    else
        on_refused_(reply);
    return Next::over();
}

RemoteListing understand_listing(std::string_view path, std::vector<RemoteEntry> entries) {
    using Kind = RemoteListing::Kind;
    RemoteListing listing;
    if (!entries.empty() && entries[0].name == ".") {
        listing.kind = Kind::folder;
        listing.self = std::move(entries[0]);
        entries.erase(entries.begin());
    } else if (entries.size() == 1 && entries[0].name == name_of_copy(path)) {
        listing.self = std::move(entries[0]);
        return listing;
    } else {
        listing.kind = Kind::pattern;
    }
    const std::string pattern{name_of_copy(path)};
    for (RemoteEntry& entry : entries) {
        const bool is_asked_for =
            listing.kind == Kind::folder || ::fnmatch(pattern.c_str(), entry.name.c_str(), FNM_PERIOD) == 0;
        if (is_asked_for && is_plain_name(entry.name))
            listing.entries.push_back(std::move(entry));
        else
            ++listing.left_out;
    }
    return listing;
}

} // namespace ftpd

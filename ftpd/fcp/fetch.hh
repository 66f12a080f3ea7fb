// SPDX-License-Identifier: ISC
// fcp from a server: finds out what each source is, makes the folders here and fetches the files.
#pragma once

#include "ftpd/fcp/console.hh"
#include "ftpd/fcp/exchange.hh"
#include "ftpd/fcp/fcp_options.hh"
#include "ftpd/fcp/local_tree.hh"
#include "ftpd/fcp/pipeline.hh"
#include "ftpd/fcp/remote_listing.hh"
#include "ftpd/fcp/remote_name.hh"
#include "ftpd/fcp/walk_limits.hh"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ftpd {

class Fetch {
public:
    // target: "-", a folder to copy into, or the path of the copy, which is then of one thing only. Throws
    // std::system_error for a folder that cannot be opened.
    Fetch(Pipeline& pipeline, Console& console, const FcpOptions& options, std::string target);

    void add(const RemoteName& source);
    // After the pipeline has run: the times and modes of folders.
    void finish();

private:
    struct Destination {             // where a copy goes
        LocalTree::FolderPtr folder; // none: name is a path
        std::string name;
    };
    struct Source {
        RemoteName named;
        std::string path;
        std::string shown() const { return named.shown(path); }
    };
    void fetch_what_is_there(const Source& source, const RemoteListing& listing);
    void fetch_matches(const Source& source, const RemoteListing& listing);
    void fetch_entry(const Source& source, const RemoteEntry& entry);
    void fetch_top_folder(const Source& source, const RemoteListing& listing);
    void fetch_below(const Source& source, const LocalTree::FolderPtr& folder, const RemoteEntry& entry);
    void look_and_fetch(const Source& source, const Destination& destination, RemoteEntry::Type type);
    void fetch_folder(const Source& source, const LocalTree::FolderPtr& folder, const RemoteListing& listing);
    void fetch_file(const Source& source, const RemoteEntry& entry, const Destination& destination);
    void go_on_with(GetFile::Job job, const Destination& destination);
    void start(GetFile::Job job, const Destination& destination);
    bool is_complete(const Destination& destination, const Leftover& left, const GetFile::Job& job,
                     std::uint64_t size);
    Destination destination_of(std::string_view path);
    bool is_taken(const Source& source);
    void fetch_top_file(const Source& source, const RemoteEntry& entry);
    KeptFacts kept(const RemoteEntry& entry) const;

    Pipeline& pipeline_;
    Console& console_;
    const FcpOptions& options_;
    std::string target_;
    std::unique_ptr<LocalTree> tree_; // the target, once it is a folder
    bool is_folder_;                  // it was one before
    std::set<std::string> taken_;     // names in it that this command copies to
    std::vector<std::pair<LocalTree::FolderPtr, KeptFacts>> kept_;
    Visits visits_; // of folders on the server
};

} // namespace ftpd

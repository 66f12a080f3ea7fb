// SPDX-License-Identifier: ISC
// fcp to a server: looks at what there is to send, makes the folders there and sends the files.
#pragma once

#include "ftpd/fcp/console.hh"
#include "ftpd/fcp/exchange.hh"
#include "ftpd/fcp/fcp_options.hh"
#include "ftpd/fcp/local_tree.hh"
#include "ftpd/fcp/pipeline.hh"
#include "ftpd/fcp/remote_name.hh"

#include <memory>
#include <string>
#include <vector>

namespace ftpd {

class Send {
public:
    Send(Pipeline& pipeline, Console& console, const FcpOptions& options, RemoteName target);

    // Throws what the pipeline does, and UserError if the target must be a folder and is not.
    void run(const std::vector<std::string>& sources);

private:
    struct Folder {
        bool has_failed = false; // reported already; its content fails with it, silently
    };
    using FolderPtr = std::shared_ptr<Folder>;
    void find_out_what_target_is();
    std::string path_of_copy(const std::string& source, bool is_folder) const;
    void send_tree(const std::string& top, const std::vector<LocalItem>& items);
    FolderPtr make_folder(const std::string& path, const FolderPtr& above);
    void send_file(const LocalItem& item, const std::string& path, const FolderPtr& above);
    void go_on_with(const PutFile::Job& job, const LocalItem& item);
    void start(PutFile::Job job);
    std::unique_ptr<Exchange> keep_facts(const std::string& path, const struct stat& status);
    std::string shown(std::string_view path) const { return target_.shown(path); }

    Pipeline& pipeline_;
    Console& console_;
    const FcpOptions& options_;
    RemoteName target_;
    bool is_folder_ = false;
};

} // namespace ftpd

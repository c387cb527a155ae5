variable "cluster_name" {
  description = "Name of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.cluster_name))
    error_message = "At most 40 small letters, digits and hyphens, a letter first."
  }
}

variable "cloud" {
  description = "aws or azure."
  type        = string
}

variable "region" {
  description = "Where the machines are."
  type        = string
}

variable "account" {
  description = "Account or subscription."
  type        = string
}

variable "network_id" {
  description = "VPC or VNet."
  type        = string
}

variable "ssh_user" {
  description = "Who logs in on the machines."
  type        = string
}

variable "ssh_private_key_path" {
  description = "Private key on the machine that sets up the cluster; its content is never read here."
  type        = string
}

variable "control_plane" {
  description = "The control plane's machine."
  type        = object({ name = string, private_ip = string, public_ip = string, size = string })
}

variable "workers" {
  description = "The workers' machines, in the order of their names."
  type        = list(object({ name = string, private_ip = string, public_ip = string, size = string }))
}

variable "kubernetes_version" {
  description = "With the leading v; null: the newest that the packages have."
  type        = string
  default     = null
}

variable "registry" {
  description = "Registry for images of your own; empty: none."
  type        = string
  default     = ""
}

variable "generated_folder" {
  description = "Where scripts and settings are written."
  type        = string
}

import { definePublications } from '../../publications.js'

export const publications = definePublications('billing')

import { traders } from '../schemas/traders/index.js'

export const domains = [traders]
